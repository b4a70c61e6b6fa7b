import fc from "fast-check";
import { expect, it } from "vitest";
import { BrokenFrame, FrameReader, frameOf } from "#src/delivery/protocol/frames";

it("the reader reads the same messages, independent of the chunk boundaries of the stream", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat({ max: 200 })), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map((message) => frameOf(message)));
      const reader = new FrameReader();
      const lines: string[] = [];
      const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      for (const [at, from] of places.entries())
        lines.push(...reader.push(bytes.subarray(from, places[at + 1] ?? from)));
      expect(lines).toEqual(messages.map((message) => JSON.stringify(message)));
    }),
  );
});

it("the reader reads a character that is split across two chunks", () => {
  const bytes = frameOf("né ║ 🙂");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new FrameReader();
    const lines = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
    expect(lines).toEqual([JSON.stringify("né ║ 🙂")]);
  }
});

it("the reader refuses a message that is too large before all of it has arrived", () => {
  const reader = new FrameReader(10);
  expect(reader.push(Buffer.from("0123456789\n01234"))).toEqual(["0123456789"]);
  expect(() => reader.push(Buffer.from("567890"))).toThrow(BrokenFrame);
  expect(() => frameOf("0123456789", 10)).toThrow(BrokenFrame);
  expect(frameOf("01234567", 10).toString()).toBe('"01234567"\n');
});

it("the reader refuses bytes that are not UTF-8", () => {
  expect(() => new FrameReader().push(Buffer.from([0x22, 0xff, 0x22, 0x0a]))).toThrow(BrokenFrame);
});
