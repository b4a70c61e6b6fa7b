import { randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { GatewayResponse } from "#src/delivery/prober/gateway-client";
import { makeHostWatch } from "#src/delivery/prober/host-watch";

const address = "127.0.0.1:8000";
const nothing: GatewayResponse = { status: 404, tag: null, pass: null, revision: null, headers: {} };
const taken: GatewayResponse = { ...nothing, status: 200, headers: { server: "nginx" } };

let now: number;
let asked: string[];
let answers: (host: string) => Promise<GatewayResponse | null> | GatewayResponse | null;

beforeEach(() => {
  now = 0;
  asked = [];
  answers = () => nothing;
});

const watch = () =>
  makeHostWatch({
    random: randomBytes,
    now: () => now,
    client: {
      request: async (_, host) => {
        asked.push(host);
        return answers(host);
      },
    },
  });

test("a claim requests the host and two random names, which are cached for claims in the next seconds", async () => {
  const hosts = watch();
  expect(await hosts.servedElsewhere(address, "wiki.example.org", "org_a")).toBeNull();
  expect(asked).toHaveLength(3);
  expect(
    asked.filter((host) => /^p[0-9a-f]+0\.invalid$/.test(host) && host.length === "wiki.example.org".length),
  ).toHaveLength(2);
  await hosts.servedElsewhere(address, "blog.example.org", "org_a");
  expect(asked).toHaveLength(4);
  now += 5_000;
  await hosts.servedElsewhere(address, "shop.example.org", "org_a");
  expect(asked).toHaveLength(7);
  expect(new Set(asked).size).toBe(7);
});

test("the watch reports what another server was seen to answer", async () => {
  answers = (host) => (host === "wiki.example.org" ? taken : nothing);
  expect(await watch().servedElsewhere(address, "wiki.example.org", "org_a")).toEqual({ status: 200, server: "nginx" });
});

test("the watch requests a random name below a wildcard", async () => {
  answers = (host) => (/^p[0-9a-f]{16}\.example\.org$/.test(host) ? taken : nothing);
  expect(await watch().servedElsewhere(address, "*.example.org", "org_a")).toEqual({ status: 200, server: "nginx" });
});

test("the watch requests hosts of minimum and maximum length", async () => {
  const label = "a".repeat(60);
  for (const host of ["a", `${label}.${label}.${label}.${label}.example`]) {
    expect(await watch().servedElsewhere(address, host, "org_a")).toBeNull();
  }
  for (const name of asked) for (const one of name.split(".")) expect(one.length).toBeLessThanOrEqual(63);
});

test("a gateway that does not answer counts as serving nothing", async () => {
  answers = () => null;
  expect(await watch().servedElsewhere(address, "wiki.example.org", "org_a")).toBeNull();
  answers = (host) => (host.endsWith(".invalid") ? null : taken);
  expect(await watch().servedElsewhere(address, "wiki.example.org", "org_a")).toBeNull();
});

test("the watch cannot be used as a scanner: after twenty finds one organization has to wait, and another does not", async () => {
  const hosts = watch();
  answers = (host) => (host.startsWith("taken") ? taken : nothing);
  const find = (owner: string) => hosts.servedElsewhere(address, `taken${asked.length}.example.org`, owner);
  for (let count = 0; count < 20; count++) {
    expect(await find("org_a")).not.toBeNull();
    now += 1_000;
  }
  const before = asked.length;
  await expect(find("org_a")).rejects.toMatchObject({ limit: "host_checks", retryAfter: 580 });
  await expect(hosts.servedElsewhere(address, "free.example.org", "org_a")).rejects.toMatchObject({
    reason: "rate_limited",
    limit: "host_checks",
  });
  expect(asked).toHaveLength(before);
  expect(await find("org_b")).not.toBeNull();
  now += 580_000;
  expect(await hosts.servedElsewhere(address, "free.example.org", "org_a")).toBeNull();
});

test("any number of free hosts may be claimed", async () => {
  const hosts = watch();
  for (let count = 0; count < 100; count++) {
    expect(await hosts.servedElsewhere(address, `free-${count}.example.org`, "org_a")).toBeNull();
  }
});

test("one organization's slow requests are limited and do not delay another's", async () => {
  const hosts = watch();
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  answers = async (host) => {
    if (host.startsWith("slow")) await held;
    return nothing;
  };
  const slow = Array.from({ length: 68 }, (_, at) => hosts.servedElsewhere(address, `slow-${at}.example.org`, "org_a"));
  await expect(hosts.servedElsewhere(address, "slow-x.example.org", "org_a")).rejects.toMatchObject({
    reason: "busy",
    message: "There are too many host names to check at once. Try again in 1 second.",
  });
  expect(await hosts.servedElsewhere(address, "quick.example.org", "org_b")).toBeNull();
  release();
  expect(await Promise.all(slow)).toEqual(slow.map(() => null));
});
