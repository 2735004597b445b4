"""Acting made from key poses: gestures and actions that recordings lack, laid over recorded idles, walks and sits."""
