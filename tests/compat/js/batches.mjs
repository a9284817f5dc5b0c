// Batches as a user of the JavaScript SDK makes them. Prints one JSON document.
import { GoogleGenAI } from "@google/genai";
import * as fs from "node:fs";

const ai = new GoogleGenAI({});
const model = "gemini-3.1-flash-image";
const imageConfig = { imageSize: "512", aspectRatio: "1:1" };
const found = {};

async function ended(job) {
  while (!["JOB_STATE_SUCCEEDED", "JOB_STATE_CANCELLED"].includes(job.state)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = await ai.batches.get({ name: job.name });
  }
  return job;
}

const inline = await ai.batches.create({
  model,
  src: [
    { contents: [{ parts: [{ text: "a cat" }], role: "user" }], config: { imageConfig }, metadata: { key: "cat" } },
    { contents: [{ parts: [{ text: "x" }], role: "user" }], config: { imageConfig: { imageSize: "1k" } } },
  ],
  config: { displayName: "Inline" },
});
found.created = { state: inline.state, displayName: inline.displayName };
const [cat, wrong] = (await ended(inline)).dest.inlinedResponses;
found.cat = { metadata: cat.metadata, picture: Boolean(cat.response.candidates[0].content.parts.at(-1).inlineData?.data) };
found.wrong = wrong.error;

const file = await ai.files.upload({ file: process.argv[2], config: { mimeType: "jsonl" } });
const job = await ended(await ai.batches.create({ model, src: file.name }));
await ai.files.download({ file: job.dest.fileName, downloadPath: "results.jsonl" });
await new Promise((resolve) => setTimeout(resolve, 300)); // the SDK resolves before the file is written
found.lines = fs.readFileSync("results.jsonl", "utf8").trim().split("\n").map((line) => Object.keys(JSON.parse(line)));

const slow = await ai.batches.create({ model, src: [{ contents: [{ parts: [{ text: "a [[latency:1]]" }] }] }] });
await ai.batches.cancel({ name: slow.name });
found.canceled = (await ended(slow)).state;
await ai.batches.delete({ name: slow.name });
found.gone = await ai.batches.get({ name: slow.name }).then(() => 0, (error) => error.status);
found.listed = [];
for await (const one of await ai.batches.list({ config: { pageSize: 1 } })) found.listed.push(one.displayName ?? null);
console.log(JSON.stringify(found));
