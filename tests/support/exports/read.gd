# Joints, rest pose and textures that Godot reads from FBX and GLB files, one JSON file each:
# godot --headless --script read.gd -- FPS FILE ...
extends SceneTree

func _initialize() -> void:
	await process_frame
	var args := OS.get_cmdline_user_args()
	for file in args.slice(1):
		var out := FileAccess.open(file + ".json", FileAccess.WRITE)
		out.store_string(JSON.stringify(read(file, float(args[0]))))
		out.close()
	quit()

func read(file: String, fps: float) -> Dictionary:
	var document: GLTFDocument = FBXDocument.new() if file.ends_with(".fbx") else GLTFDocument.new()
	var state: GLTFState = FBXState.new() if file.ends_with(".fbx") else GLTFState.new()
	state.handle_binary_image = GLTFState.HANDLE_BINARY_EMBED_AS_UNCOMPRESSED
	document.append_from_file(file, state)
	var scene := document.generate_scene(state, fps)
	root.add_child(scene)
	var skeleton: Skeleton3D = scene.find_children("*", "Skeleton3D", true, false)[0]
	var player: AnimationPlayer = scene.find_children("*", "AnimationPlayer", true, false)[0]
	var rest := {}
	for bone in skeleton.get_bone_count():
		var at := skeleton.get_bone_rest(bone)
		var turn := at.basis.get_rotation_quaternion()
		rest[skeleton.get_bone_name(bone)] = [at.origin.x, at.origin.y, at.origin.z, turn.x, turn.y, turn.z, turn.w]
	var clips := {}
	for name in player.get_animation_list():
		var length := player.get_animation(name).length
		skeleton.reset_bone_poses()
		player.play(name)
		var joints := {}
		for bone in skeleton.get_bone_count():
			joints[skeleton.get_bone_name(bone)] = []
		for frame in int(round(length * fps)) + 1:
			player.seek(min(frame / fps, length), true)
			for bone in skeleton.get_bone_count():
				var place := skeleton.global_transform * skeleton.get_bone_global_pose(bone).origin
				joints[skeleton.get_bone_name(bone)].append([place.x, place.y, place.z])
		clips[name] = {"seconds": length, "joints": joints}
	scene.queue_free()
	return {"clips": clips, "rest": rest, "textures": state.get_textures().size()}
