import { describe, expect, it } from "vitest";
import { MovingAverage } from "#src/platform/moving-average";

describe("a moving average", () => {
  it("a moving average follows the latest samples: after thirty of them, the first value no longer matters", () => {
    const average = new MovingAverage(30);
    for (let sample = 0; sample < 30; sample++) average.add(120);
    expect(average.value).toBeGreaterThan(110);
    for (let sample = 0; sample < 30; sample++) average.add(10);
    expect(average.value).toBeLessThan(15);
  });

  it("a moving average hardly follows one sample of an hour, as after a process was suspended", () => {
    const average = new MovingAverage(30);
    average.add(3_600_000);
    expect(average.value).toBeLessThan(60);
  });
});
