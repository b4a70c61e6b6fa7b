import { describe, expect, it } from "vitest";
import { MovingAverage } from "../../src/platform/moving-average";

describe("a moving average", () => {
  it("follows the latest samples: after thirty of them its first guess no longer counts", () => {
    const average = new MovingAverage(30);
    for (let sample = 0; sample < 30; sample++) average.add(120);
    expect(average.value).toBeGreaterThan(110);
    for (let sample = 0; sample < 30; sample++) average.add(10);
    expect(average.value).toBeLessThan(15);
  });

  it("barely follows one sample of an hour, as of a process that slept", () => {
    const average = new MovingAverage(30);
    average.add(3_600_000);
    expect(average.value).toBeLessThan(60);
  });
});
