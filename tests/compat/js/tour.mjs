// What a user of the JavaScript SDK does beside the guide's samples. Prints one JSON document.
import { GoogleGenAI } from "@google/genai";
import * as fs from "node:fs";

const ai = new GoogleGenAI({});
const model = "gemini-3.1-flash-image";
const small = { type: "image", image_size: "512", aspect_ratio: "1:1" };
const found = {};

const [path, big] = process.argv.slice(2);
const file = await ai.files.upload({ file: path, config: { mimeType: "image/png", displayName: "Cat" } });
const large = await ai.files.upload({ file: big, config: { mimeType: "image/png" } });
found.file = file;
found.large = { asked: fs.statSync(big).size, size: Number(large.sizeBytes) };
found.got = (await ai.files.get({ name: file.name })).name;
found.listed = [];
for await (const one of await ai.files.list({ config: { pageSize: 1 } })) found.listed.push(one.name);
const edited = await ai.interactions.create({
  model,
  input: [{ type: "text", text: "edit" }, { type: "image", uri: file.uri, mime_type: file.mimeType }],
  response_format: small,
});
found.edited = { status: edited.status, picture: Boolean(edited.output_image?.data) };
await ai.files.delete({ name: file.name });
found.refused = await ai.files.get({ name: file.name }).then(() => 0, (error) => error.status);
found.badUpload = await ai.files
  .upload({ file: new Blob(["hello"]), config: { mimeType: "image/png" } })
  .then(() => 0, (error) => error.status);

found.events = [];
const stream = await ai.interactions.create({ model, input: "A cat", response_format: small, stream: true });
for await (const event of stream) found.events.push(event.event_type);

let job = await ai.interactions.create({ model, input: "A cat [[latency:1]]", response_format: small, background: true });
found.background = [job.status];
while (job.status === "in_progress") {
  await new Promise((resolve) => setTimeout(resolve, 100));
  job = await ai.interactions.get(job.id);
}
found.background.push(job.status);
await ai.interactions.delete(job.id);
found.errors = {};
for (const [name, call] of Object.entries({
  deleted: () => ai.interactions.get(job.id),
  size: () => ai.interactions.create({ model, input: "x", response_format: { type: "image", image_size: "1k" } }),
})) {
  found.errors[name] = await call().then(() => 0, (error) => [error.constructor.name, error.status]);
}
found.models = [];
for await (const one of await ai.models.list()) found.models.push(one.name);
console.log(JSON.stringify(found));
