import { describe, expect, it } from "vitest";
import { probeBounds, SlowApplications, takeProbeSlot } from "#src/delivery/prober/probe-lanes";
import { Slots } from "#src/platform/fair-share";

describe("the slots of a lane of probes", () => {
  it("a lane limits one organization to its share of the slots", () => {
    const slots = new Slots(probeBounds.passing);
    let held = 0;
    while (takeProbeSlot(slots, "passing", "org_a") !== null) held++;
    expect(held).toBe(probeBounds.passing.perOwner);
  });

  it("a free slot goes to an organization that has none, even if others request all they can get", () => {
    for (const lane of ["refused", "passing", "slow"] as const) {
      const slots = new Slots(probeBounds[lane]);
      const others = Array.from({ length: 12 }, (_, other) => `org_${other}`);
      const held = others.flatMap((other) => {
        const taken: (() => void)[] = [];
        for (let slot = takeProbeSlot(slots, lane, other); slot; slot = takeProbeSlot(slots, lane, other))
          taken.push(slot);
        return taken;
      });
      held[0]?.();
      const holders = others.filter((other) => slots.heldBy(other) > 0);
      expect(
        holders.map((other) => takeProbeSlot(slots, lane, other)),
        lane,
      ).toEqual(holders.map(() => null));
      expect(takeProbeSlot(slots, lane, "org_late"), lane).not.toBeNull();
    }
  });

  it("a released slot is free again", () => {
    const slots = new Slots(probeBounds.slow);
    const give = [takeProbeSlot(slots, "slow", "org_a"), takeProbeSlot(slots, "slow", "org_a")];
    expect(takeProbeSlot(slots, "slow", "org_a")).toBeNull();
    give[0]?.();
    expect(takeProbeSlot(slots, "slow", "org_a")).not.toBeNull();
  });
});

describe("the lane of an application", () => {
  it("an application is in the slow lane until its probes are answered in time, and otherwise in the lane of what answers", () => {
    const slow = new SlowApplications();
    const [open, refusing] = [
      { applicationId: "app_1", isPublic: true },
      { applicationId: "app_2", isPublic: false },
    ];
    expect([slow.laneOf(open), slow.laneOf(refusing)]).toEqual(["passing", "refused"]);
    slow.add("app_1");
    expect([slow.laneOf(open), slow.laneOf(refusing)]).toEqual(["slow", "refused"]);
    slow.remove("app_1");
    expect(slow.laneOf(open)).toBe("passing");
  });

  it("the application that was slow longest ago is forgotten when there are too many", () => {
    const slow = new SlowApplications(2);
    for (const applicationId of ["app_1", "app_2", "app_1", "app_3"]) slow.add(applicationId);
    const lanes = ["app_1", "app_2", "app_3"].map((applicationId) => slow.laneOf({ applicationId, isPublic: true }));
    expect(lanes).toEqual(["slow", "passing", "slow"]);
  });
});
