import { describe, expect, test } from "vitest";
import { BadOptionError } from "sluice";
import { fromBody, type BodyLike } from "sluice/web";
import { readAll } from "../support/readable-streams.ts";

async function textOf(source: BodyLike, options: Parameters<typeof fromBody>[1] = {}): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const event of fromBody(source, options)) text += decoder.decode(event, { stream: true });
  return text;
}

describe("fromBody", () => {
  test("gives the bytes of a Response", async () => {
    expect(await textOf(new Response("grüße €"))).toBe("grüße €");
  });

  test("gives the bytes of a Request", async () => {
    expect(await textOf(new Request("http://localhost/", { method: "POST", body: "some text" }))).toBe("some text");
  });

  test("gives the bytes of whatever has a body", async () => {
    expect(await textOf({ body: new Blob(["some ", "text"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>> })).toBe("some text");
  });

  test("ends normally, without an event, where there is no body", async () => {
    const stage = fromBody(new Response(null, { status: 204 }));
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(await textOf(new Response(null))).toBe("");
    expect(await textOf(new Request("http://localhost/"))).toBe("");
  });

  test("reads into buffers of the size that it is given", async () => {
    const { body } = new Response("some text");
    const lengths: number[] = [];
    for await (const event of fromBody({ body: body as ReadableStream<Uint8Array<ArrayBuffer>> }, { bytes: { chunkSize: 4 } })) lengths.push(event.byteLength);
    expect(lengths).toEqual([4, 4, 1]);
  });

  test("cancels the body when it is left, and leaves it with preventCancel", async () => {
    const cancels: unknown[] = [];
    const source = (): BodyLike => ({
      body: new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel: (reason) => void cancels.push(reason) }),
    });
    for await (const _ of fromBody(source())) break;
    expect(cancels).toEqual([undefined]);
    for await (const _ of fromBody(source(), { preventCancel: true })) break;
    expect(cancels).toEqual([undefined]);
  });

  test("refuses a body that was used", async () => {
    const response = new Response("text");
    await response.text();
    expect(() => fromBody(response)).toThrow("expected bodyUsed to be false, as a body can be read once, got: true");
    const streamed = new Response("text");
    await readAll(streamed.body as ReadableStream<Uint8Array>);
    expect(() => fromBody(streamed)).toThrow(BadOptionError);
  });

  test("refuses a body that somebody reads", () => {
    const response = new Response("text");
    response.body?.getReader();
    expect(() => fromBody(response)).toThrow(BadOptionError);
  });

  test.each([{}, null, "text", { body: "text" }, { body: undefined }])("refuses what has no body: %j", (source) => {
    expect(() => fromBody(source as BodyLike)).toThrow(expect.objectContaining({ option: "the source of fromBody" }));
  });

  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["preventCancel", { preventCancel: 1 }],
    ["chunkSize", { bytes: { chunkSize: 0 } }],
    ["the options of fromBody", { handleStop: () => undefined }],
    ["the options of producer", { nonsense: 1 }],
  ])("refuses a bad %s, with and without a body", (option, options) => {
    expect(() => fromBody(new Response("text"), options)).toThrow(expect.objectContaining({ option }));
    expect(() => fromBody(new Response(null), options)).toThrow(expect.objectContaining({ option }));
  });
});
