import { expect, it } from "vitest";
import { ProbeBudget } from "#src/delivery/prober/probe-budget";

/** A clock that only sleeping advances. */
function fakePace() {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      await Promise.resolve();
      now += ms;
    },
  };
}

it("a thousand probes of one organization delay another's probe by one turn, and a closing one not at all", async () => {
  const budget = new ProbeBudget(500, fakePace(), new AbortController().signal);
  const order: string[] = [];
  const pass = (name: string, line: "first" | "others") =>
    budget.pass(name, line).then(() => {
      order.push(name);
    });
  const all = Array.from({ length: 1_000 }, () => pass("org_a", "others"));
  all.push(pass("org_b", "others"), pass("org_c", "first"));
  await Promise.all(all);
  const burst = 50; // these passed before the others arrived
  expect(order.indexOf("org_c")).toBeLessThan(burst + 1);
  expect(order.indexOf("org_b")).toBeLessThan(burst + 3);
  expect(order).toHaveLength(1_002);
});

it("the budget lets no more probes through than the gateway's rate allows", async () => {
  const pace = fakePace();
  const budget = new ProbeBudget(500, pace, new AbortController().signal);
  await Promise.all(Array.from({ length: 1_050 }, () => budget.pass("org_a", "others")));
  expect(pace.now()).toBeGreaterThanOrEqual(2_000);
});
