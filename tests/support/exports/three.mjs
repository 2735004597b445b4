// Joints, rest pose and textures that three.js reads from an FBX or GLB file, a JSON list: three.mjs FPS FILE ...
import fs from 'fs';
globalThis.self = globalThis;
globalThis.window = globalThis;
class Picture {  // what three.js asks of a browser's image; node has none
  listeners = {};
  addEventListener(type, listener) { (this.listeners[type] ??= []).push(listener); }
  removeEventListener() {}
  set src(value) { setTimeout(() => (this.listeners.load ?? []).forEach((f) => f.call(this, {})), 0); }
}
globalThis.document = { createElementNS: () => new Picture(), createElement: () => new Picture() };
const THREE = await import('three');
const { FBXLoader } = await import('three/addons/loaders/FBXLoader.js');
const { GLTFLoader } = await import('three/addons/loaders/GLTFLoader.js');
const [fps, files] = [Number(process.argv[2]), process.argv.slice(3)];
const out = [];
for (const file of files) out.push(await read(file));
process.stdout.write(JSON.stringify(out));

async function read(file) {
  const bytes = fs.readFileSync(file);
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  let scene, animations;
  if (file.endsWith('.fbx')) {
    scene = new FBXLoader().parse(data, '');
    animations = scene.animations;
  } else {
    const loaded = await new Promise((done, failed) => new GLTFLoader().parse(data, '', done, failed));
    [scene, animations] = [loaded.scene, loaded.animations];
  }
  const names = (bone) => bone.userData.originalName ?? bone.userData.name ?? bone.name;
  const bones = [];
  const textures = new Set();
  scene.traverse((thing) => {
    // A bone that deforms several meshes of an FBX file is there several times.
    if (thing.isBone && !bones.some((b) => names(b) === names(thing))) bones.push(thing);
    if (thing.isMesh) [thing.material].flat().forEach((m) => m.map && textures.add(m.map.source.uuid));
  });
  const rest = Object.fromEntries(bones.map((b) => [names(b), [...b.position.toArray(), ...b.quaternion.toArray()]]));
  const clips = {};
  for (const clip of animations) {
    const mixer = new THREE.AnimationMixer(scene);
    const action = mixer.clipAction(clip);
    action.setLoop(THREE.LoopOnce);
    action.clampWhenFinished = true;
    action.play();
    const joints = Object.fromEntries(bones.map((b) => [names(b), []]));
    const count = Math.round(clip.duration * fps) + 1;
    for (let frame = 0; frame < count; frame++) {
      mixer.setTime(Math.min(frame / fps, clip.duration));
      scene.updateMatrixWorld(true);
      bones.forEach((b) => joints[names(b)].push(b.getWorldPosition(new THREE.Vector3()).toArray()));
    }
    clips[clip.name] = { seconds: clip.duration, joints };
    mixer.stopAllAction();
    mixer.uncacheRoot(scene);
  }
  return { clips, rest, textures: textures.size };
}
