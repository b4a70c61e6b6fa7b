import { expect, test } from "vitest";
import { bucketOf, type RefusedAttempt } from "#src/audit/refusal-bucket";
import { networkOf } from "#src/platform/net/network-of";

const one: RefusedAttempt = {
  actorKind: "person",
  actorId: "usr_1",
  apiKeyId: null,
  ip: "192.0.2.1",
  action: "projects.delete",
  reason: "forbidden",
};

test("attempts with equal actor, key, network, action and reason share a bucket", () => {
  const { key } = bucketOf(one);
  expect(bucketOf({ ...one }).key).toBe(key);
  for (const other of [
    { actorKind: "apiKey" },
    { actorId: "usr_2" },
    { apiKeyId: "key_1" },
    { ip: "192.0.2.2" },
    { ip: null },
    { action: "projects.update" },
    { reason: "not_found" },
  ]) {
    expect(bucketOf({ ...one, ...other }).key, JSON.stringify(other)).not.toBe(key);
  }
});

test("the bucket keys of an actor start with that actor, and those of no other actor do", () => {
  const stranger = { ...one, actorKind: "anonymous", actorId: null };
  for (const [a, b] of [
    [one, { ...one, actorId: "usr_12" }],
    [one, stranger],
    [stranger, one],
  ] as const) {
    expect(bucketOf(a).key.startsWith(bucketOf(a).actor)).toBe(true);
    expect(bucketOf(a).overflow.startsWith(bucketOf(a).actor)).toBe(true);
    expect(bucketOf(b).key.startsWith(bucketOf(a).actor)).toBe(false);
  }
});

test("networkOf returns the /64 network of an IPv6 address and any other address as it is", () => {
  expect(networkOf("2001:db8:0:1:ffff::1")).toBe(networkOf("2001:db8:0:1::2"));
  expect(networkOf("2001:db8:0:1::1")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:db8:0:2::1")).not.toBe(networkOf("2001:db8:0:1::1"));
  expect(networkOf("192.0.2.7")).toBe("192.0.2.7");
  expect(networkOf("unknown")).toBe("unknown");
});

test("addresses of one network share a bucket, and an anonymous actor has fewer buckets than a known one (AUD)", () => {
  const from = (ip: string) => bucketOf({ ...one, ip }).key;
  expect(from("2001:db8:0:1:ffff::1")).toBe(from("2001:db8:0:1::2"));
  expect(from("2001:db8:0:2::1")).not.toBe(from("2001:db8:0:1::1"));
  expect(bucketOf({ ...one, actorKind: "anonymous", actorId: null }).most).toBeLessThan(bucketOf(one).most);
});
