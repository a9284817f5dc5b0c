// The README's first picture with types from the OpenAPI document: make, poll, download, list, and a refusal.
import createClient from "openapi-fetch";
import type { components, paths } from "./cavendish.js";

declare const process: { env: Record<string, string | undefined> };

const api = createClient<paths>({
  baseUrl: process.env["BASE"] ?? "",
  headers: { Authorization: `Bearer ${process.env["KEY"] ?? ""}` },
});

type Generation = components["schemas"]["Generation"];
type ImageFormat = components["schemas"]["ImageFormat"];

const format: ImageFormat = { type: "image", image_size: "512", aspect_ratio: "1:1" };
// What the models do not make is no program.
// @ts-expect-error
const tooLarge: ImageFormat = { type: "image", image_size: "8K" };
// @ts-expect-error
const misspelt: ImageFormat = { type: "image", aspectRatio: "1:1" };

const made = await api.POST("/api/v1/generations", {
  body: {
    model: "gemini-3.1-flash-image",
    input: "A nano banana dish in a fancy restaurant",
    response_format: format,
  },
});
if (made.error || !("status" in made.data)) throw new Error(JSON.stringify(made));

let generation: Generation = made.data;
while (generation.status === "queued" || generation.status === "running") {
  const read = await api.GET("/api/v1/generations/{generation_id}", {
    params: { path: { generation_id: generation.id }, header: { Prefer: "wait=20" } },
  });
  if (read.error) throw new Error(read.error.detail);
  generation = read.data;
}
const output = generation.outputs[0];
if (!output) throw new Error(generation.error?.message);
const size: number = (await (await fetch(output.url)).arrayBuffer()).byteLength;

const found = await api.GET("/api/v1/generations", { params: { query: { status: "succeeded", limit: 5 } } });
const refused = await api.POST("/api/v1/generations", { body: { model: "gemini-9", input: "x" } });
const models = await api.GET("/api/v1/models");

console.log(
  JSON.stringify({
    status: generation.status,
    whole: size === output.bytes,
    listed: found.data?.data.map((each) => each.id === generation.id),
    code: refused.error?.code,
    pointer: refused.error?.errors[0]?.pointer,
    pixels: models.data?.data[0]?.resolutions.find((each) => each.image_size === "512")?.width,
    unused: [tooLarge, misspelt].length,
  }),
);
