"""The sub-panels on paths, loops and pins."""

from support.extension import Scenario


def test_panels_offer_what_fits_and_buttons_make_what_they_say(scenario: Scenario) -> None:
    seen = scenario("panels")
    assert "route" in seen["empty"] and "motiongpt.make_loop" in seen["empty"]
    assert "motiongpt.draw_path" not in seen["empty"] and "motiongpt.pin " not in seen["empty"]
    said, begins, route, chosen = seen["curve"]
    assert "motiongpt.draw_path" in said and (route, chosen) == ("CURVE", True)
    assert begins == [2.0, 1.0, 0.0]  # where the character stands
    said, places = seen["waypoints"]
    assert "motiongpt.add_waypoint" in said
    assert places == [["Waypoint 1", 1.0, 2.0, None], ["Waypoint 2", 1.0, 4.0, 12]]
    said, first, place, chosen = seen["pin"]
    assert "target" in said and "motiongpt.pin" in said and (first, place, chosen) == (12, [1.0, 4.0, 0.0], 0)
    assert seen["removed"] == [0, False]
    assert (seen["greyed"], seen["open"]) == ([False] * 3, [True] * 3)
    assert "motiongpt.take_travel_out" in seen["empty"] or "motiongpt.put_travel_back" in seen["in place"]
    assert "motiongpt.take_travel_out" not in seen["in place"]
