import { describe, expect, it } from "vitest";
import { checkRemovedRoute } from "#src/delivery/leader/removed-route-check";
import { backlogOf, batchOf } from "#src/delivery/planner/backlog";
import { assumedCostMs, batchSize, costAfter } from "#src/delivery/planner/batch-size";
import { planProbes } from "#src/delivery/planner/plan-probes";
import { ProofQueue } from "#src/delivery/prober/proof-queue";
import { fullBudget, spend } from "#src/delivery/prober/rate-budget";
import { servedDelivery } from "#src/delivery/protocol/served-delivery";
import { backoff } from "#src/platform/backoff";
import { dialable } from "#src/platform/net/listen-address";
import { foreignContent } from "#src/traefik/foreign/foreign-content";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";

describe("the backlog", () => {
  it("the backlog names every application and deny file once, and closes if any row of it closes", () => {
    const row = { organizationId: "org_a", denyGroup: null, applicationId: "app_1", closes: false };
    const backlog = backlogOf([
      row,
      { ...row, closes: true },
      row,
      { ...row, applicationId: null, denyGroup: 0 },
      { ...row, applicationId: null, denyGroup: 0 },
    ]);
    expect([...backlog.applications]).toEqual([["app_1", { organizationId: "org_a", closes: true }]]);
    expect(backlog.denies).toEqual([{ organizationId: "org_a", group: 0 }]);
    expect(backlog.closes).toBe(true);
  });
});

describe("retries and rate limits", () => {
  it("retries back off from 0.2 s to 5 s", () => {
    const limits = { firstMs: 200, mostMs: 5_000 };
    expect([1, 2, 3, 5, 6, 100].map((failures) => backoff(failures, limits))).toEqual([
      200, 400, 800, 3_200, 5_000, 5_000,
    ]);
  });

  it("a gateway is probed at most as often as its rate limit allows", () => {
    let budget = fullBudget(500, 0);
    let now = 0;
    let asked = 0;
    while (now < 1_000) {
      const spent = spend(budget, now);
      budget = spent.budget;
      now += spent.waitMs;
      asked++;
    }
    expect(asked).toBeGreaterThan(500);
    expect(asked).toBeLessThanOrEqual(552); // plus one burst of a tenth
  });
});

describe("the choice of a batch", () => {
  const row = (applicationId: string | null, closes = false, denyGroup: number | null = null) => ({
    organizationId: "org_1",
    applicationId,
    denyGroup,
    closes,
  });

  const size = { closing: 2, alongside: 1, opening: 3 };

  it("a delivery takes all rows if none closes and they fit", () => {
    const rows = [row(null, false, 1), row("app_1"), row("app_2"), row("app_3")];
    expect(batchOf(rows, size)).toEqual(rows);
  });

  it("a delivery takes all closing rows, every deny, a few others, and the remaining rows of their applications", () => {
    const [closing, deny, first, second] = [row("app_1", true), row(null, false, 1), row("app_2"), row("app_3")];
    const [closingToo, firstAgain] = [row("app_1"), row("app_2")];
    const rows = [closingToo, deny, closing, first, second, firstAgain];
    expect(batchOf(rows, size)).toEqual([closingToo, deny, closing, first, firstAgain]);
  });

  it("a delivery takes closing applications up to its limit, and every deny regardless of the limit", () => {
    const denies = [row(null, false, 1), row(null, true, 2), row(null, false, 3)];
    const closing = ["app_1", "app_2", "app_3"].map((name) => row(name, true));
    expect(batchOf([...closing, ...denies], size)).toEqual([...closing.slice(0, 2), ...denies]);
    const opening = ["app_1", "app_2", "app_3", "app_4"].map((name) => row(name));
    expect(batchOf(opening, size)).toEqual(opening.slice(0, 3));
  });

  it("a delivery takes one closing change of a second organization next to a thousand of the first", () => {
    const many = Array.from({ length: 1_000 }, (_, at) => row(`app_${at}`, true));
    const one = { ...row("app_theirs", true), organizationId: "org_2" };
    expect(batchOf([...many, one], size)).toEqual([many[0], one]);
  });
});

describe("the size of a batch", () => {
  it("a closing batch takes about 300 ms, whatever one application costs", () => {
    for (const costMs of [0.5, 2, 5]) expect(batchSize(costMs, 100, true).closing * costMs).toBeCloseTo(300, -1);
    expect(batchSize(2, 100, true)).toEqual({ closing: 150, alongside: 50, opening: 600 });
    expect(batchSize(20, 100, true)).toEqual({ closing: 15, alongside: 10, opening: 60 });
  });

  it("a batch is at least as long as the gateway's last load, and has a maximum", () => {
    expect(batchSize(1, 2_000, true)).toEqual({ closing: 2_000, alongside: 50, opening: 5_000 });
    expect(batchSize(1, 60_000, true).closing).toBe(3_000);
    expect(batchSize(1_000, 0, true)).toEqual({ closing: 10, alongside: 10, opening: 10 });
  });

  it("few other changes accompany a closing one, unless the previous delivery also closed something", () => {
    expect(batchSize(2, 100, false)).toEqual({ ...batchSize(2, 100, true), alongside: 5 });
    expect(batchSize(1_000, 0, false)).toEqual({ closing: 10, alongside: 5, opening: 10 });
  });

  it("the estimated cost follows the last deliveries, and ignores small ones", () => {
    expect(costAfter(2, { applications: 100, tookMs: 1_000 })).toBe(6);
    expect(costAfter(2, { applications: 1, tookMs: 1_000 })).toBe(2);
    expect(costAfter(2, { applications: 0, tookMs: 0 })).toBe(2);
  });

  it("the batch grows again after a single slow delivery, even if the deliveries after it are small", () => {
    let costMs = costAfter(assumedCostMs, { applications: 20, tookMs: 20_000 });
    expect(batchSize(costMs, 500, false).opening).toBe(10);
    for (let delivery = 0; delivery < 8; delivery++) {
      const { opening } = batchSize(costMs, 500, false);
      costMs = costAfter(costMs, { applications: opening, tookMs: 50 + 2 * opening });
    }
    expect(batchSize(costMs, 500, false).opening).toBeGreaterThan(300);
  });
});

/** A delivery of an application that refuses visitors. */
const of = (applicationId: string, revision: number) => ({
  applicationId,
  revision,
  organizationId: "org_1",
  isPublic: false,
});

/** A function that grants this many slots. */
const upTo = (most: number) => {
  let taken = 0;
  return () => taken++ < most;
};

describe("the probe queue", () => {
  const route = (routeId: string, host: string) => ({ routeId, host, path: "/", expect: "stopped" as const });

  it("the place of a removed route is probed until it was seen gone", () => {
    const first = [route("rte_1", "a.example"), route("rte_2", "b.example")];
    const second = planProbes(first, [route("rte_1", "a.example")]);
    expect(second).toEqual([first[0], { ...first[1], expect: "gone" }]);
    expect(planProbes(second, [])).toEqual([
      { ...first[0], expect: "gone" },
      { ...first[1], expect: "gone" },
    ]);
  });

  it("a route that was added again at its place is not probed as gone", () => {
    const back = route("rte_3", "a.example");
    expect(planProbes([{ ...route("rte_1", "a.example"), expect: "gone" }], [back])).toEqual([back]);
  });

  it("a route is gone when the deny or another route answers, but not when something foreign answers on a claimed host", () => {
    expect(checkRemovedRoute("deny", true, false)).toEqual({ proven: true });
    expect(checkRemovedRoute("route", true, false)).toEqual({ proven: true });
    expect(checkRemovedRoute(null, false, false)).toEqual({ proven: true });
    expect(checkRemovedRoute(null, true, false)).toEqual({ proven: false, why: "not_denied" });
    expect(checkRemovedRoute("unknown", true, false)).toEqual({ proven: false, why: "still_there" });
    expect(checkRemovedRoute("unknown", false, false)).toEqual({ proven: false, why: "still_there" });
  });

  it("a foreign router at a removed name lets visitors in if an organization claims the name, and is allowed if none does", () => {
    expect(checkRemovedRoute(null, true, true)).toEqual({ proven: false, why: "let_in_by_foreign_router" });
    expect(checkRemovedRoute(null, false, true)).toEqual({ proven: true });
    expect(checkRemovedRoute("route", true, true)).toEqual({ proven: true });
  });

  it("closing changes are probed first, then applications with a waiting caller", () => {
    const queue = new ProofQueue();
    queue.add(of("app_again", 1), "again");
    queue.add(of("app_changed", 2), "changed");
    queue.add(of("app_waited", 2), "changed");
    queue.add(of("app_closes", 2), "closes");
    queue.add(of("app_later", 3), "closes");
    queue.prioritize("app_waited", 0);
    const due = (most: number) => queue.due(2, 0, upTo(most)).map(({ applicationId }) => applicationId);
    expect(due(10)).toEqual(["app_closes", "app_waited", "app_changed", "app_again"]);
    expect(due(2)).toEqual(["app_closes", "app_waited"]);
  });

  it("an application without a slot is skipped, and later ones are probed", () => {
    const queue = new ProofQueue();
    for (const name of ["app_1", "app_2"]) queue.add(of(name, 1), "changed");
    const due = queue.due(1, 0, ({ applicationId }) => applicationId !== "app_1");
    expect(due).toMatchObject([{ applicationId: "app_2" }]);
  });

  it("an application with a waiting caller is retried within a second, and further signs of the wait do not speed it up", () => {
    const queue = new ProofQueue();
    queue.add(of("app_1", 1), "changed");
    for (let failure = 0; failure < 9; failure++) queue.failed("app_1", 1, 0);
    expect(queue.nextDue(1, 0)).toBe(25_600);
    queue.prioritize("app_1", 1);
    expect(queue.due(1, 1, upTo(1))).toHaveLength(1);
    queue.failed("app_1", 1, 1);
    queue.prioritize("app_1", 500);
    expect(queue.nextDue(1, 501)).toBe(500);
    queue.failed("app_1", 1, 60_000); // no caller has waited for it for a while
    expect(queue.nextDue(1, 60_000)).toBe(30_000);
  });

  it("a result for an older revision does not remove a newer one from the queue", () => {
    const queue = new ProofQueue();
    queue.add(of("app_1", 1), "closes");
    queue.add(of("app_1", 2), "changed");
    queue.done("app_1", 1);
    expect(queue.due(2, 0, upTo(10))).toMatchObject([{ applicationId: "app_1", revision: 2, rank: "closes" }]);
  });

  it("an older delivery does not replace a newer one in the queue (DK-3)", () => {
    const queue = new ProofQueue();
    queue.add(of("app_1", 2), "changed");
    queue.add(of("app_1", 1), "changed");
    expect(queue.due(2, 0, upTo(10))).toMatchObject([{ applicationId: "app_1", revision: 2 }]);
  });

  it("an unproven application is probed again with growing delays", () => {
    const queue = new ProofQueue();
    queue.add(of("app_1", 1), "changed");
    queue.failed("app_1", 1, 1_000);
    expect(queue.due(1, 1_050, upTo(10))).toEqual([]);
    expect(queue.nextDue(1, 1_050)).toBe(50);
    queue.failed("app_1", 1, 2_000);
    expect(queue.nextDue(1, 2_000)).toBe(200);
  });
});

describe("gateway addresses", () => {
  it.each([
    ["127.0.0.1:8000", { host: "127.0.0.1", port: 8000, loopback: true }],
    [":8000", { host: "127.0.0.1", port: 8000, loopback: true }],
    ["0.0.0.0:80", { host: "127.0.0.1", port: 80, loopback: true }],
    ["[::]:80", { host: "127.0.0.1", port: 80, loopback: true }],
    ["10.1.2.3:80", { host: "10.1.2.3", port: 80, loopback: false }],
    ["[2001:db8::1]:80", { host: "2001:db8::1", port: 80, loopback: false }],
  ])("%s is an address that can be dialed", (address, dial) => {
    expect(dialable(address)).toEqual(dial);
  });

  it.each(["", "8000", "host", "host:0", "host:70000"])("%s is not an address that can be dialed", (address) => {
    expect(() => dialable(address)).toThrow(TypeError);
  });
});

it("only a whole marker header names a delivery", () => {
  expect(servedDelivery("e_1.42.abcd")).toEqual({ epoch: "e_1", revision: 42, digest: "abcd" });
  for (const header of [null, "", "e.1", "e.x.d", "e.1.d.more", "e.1."]) expect(servedDelivery(header)).toBeNull();
});

describe("foreign files", () => {
  const read = (text: string) => foreignContent(readTraefikFile("foreign.yml", text));

  it("a foreign file is reported if it would freeze the gateway", () => {
    expect(read('{"http":{"routers":{}}}').problem).toMatchObject({ kind: "refused" });
    expect(read("{{ env `HOME` }}").problem).toMatchObject({ kind: "unknown" });
  });

  it("a foreign file is reported with the names of Portcullis that it defines and the hosts that it routes", () => {
    const router = (rule: string, priority = 1) => ({ rule, service: "noop@internal", priority });
    const content = read(
      JSON.stringify({
        http: {
          routers: {
            theirs: router("Host(`A.example`) && PathPrefix(`/x`) || Host(`b.example`)"),
            "portcullis-h2c": router("PathPrefix(`/`)"),
            high: router("PathPrefix(`/`)", 2 ** 41),
          },
          middlewares: { guard: { stripPrefix: { prefixes: ["/x"] } } },
        },
      }),
    );
    expect(content).toEqual({
      problem: null,
      names: ["portcullis-h2c", "guard"],
      hosts: ["a.example", "b.example"],
      everything: ["high"],
    });
  });
});
