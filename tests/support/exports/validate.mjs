// Errors that gltf-validator finds in GLB files, a JSON list: validate.mjs FILE ...
import fs from 'fs';
import validator from 'gltf-validator';
const out = [];
for (const file of process.argv.slice(2)) {
  const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)));
  const errors = report.issues.messages.filter((message) => message.severity === 0);
  out.push(errors.map((message) => `${message.code} ${message.pointer}`));
}
process.stdout.write(JSON.stringify(out));
