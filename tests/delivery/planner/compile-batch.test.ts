import { expect, it } from "vitest";
import type { Sealer } from "#src/database/sealing";
import { planApplication, planDeny } from "#src/delivery/planner/compile-batch";
import type { StoredApplication, StoredState } from "#src/delivery/planner/desired-state";
import type { Gateway } from "#src/delivery/planner/gateway";
import type { RouteState } from "#src/traefik/compiler/state";

const gateway = (tags = true): Gateway => ({
  gatewayId: "gtw_1",
  state: { gatewayId: "gtw_1", entryPoint: "web", tagKey: new Uint8Array(32), tags },
  address: "127.0.0.1:80",
  probeAddress: "127.0.0.1:81",
  secretHost: "p1.invalid",
});

/** Returns each value as it is, except for the one that cannot be decrypted. */
const sealer: Sealer = {
  currentKeyId: "k",
  currentPrefix: "v1.k.",
  seal: (_place, plaintext) => plaintext,
  open: (_place, sealed) => (sealed === "" ? { ok: false, reason: "malformed" } : { ok: true, plaintext: sealed }),
};

const hash = "$apr1$abcdefgh$i8v2X5X1n2sJ0J9Hh3Zq10";
const credential = (username: string, hashSealed = hash) => ({
  securityId: `sec_${username}`,
  username,
  hashSealed,
  valid: true,
});
const route: RouteState = {
  routeId: "rte_1",
  host: "wiki.example.org",
  pathPrefix: null,
  enabled: true,
  upstreams: [{ url: "http://127.0.0.1:9000", serverName: null }],
};
const application = (more: Partial<StoredApplication> = {}): StoredApplication => ({
  applicationId: "app_1",
  organizationId: "org_1",
  name: "Wiki",
  access: "protected",
  closedByHand: false,
  openedBy: null,
  neverPublic: false,
  hashAlgorithm: "apr1",
  credentials: [credential("ada")],
  routes: [route],
  ...more,
});
const plan = (stored: StoredApplication, before?: StoredState, to = gateway()) =>
  planApplication(stored, before, to, sealer, { closes: false });
const delivered = (state: ReturnType<typeof plan>["state"]): StoredState => ({
  ...state,
  gatewayId: "gtw_1",
  revision: 1,
  deliveredAt: new Date(0),
  provenRevision: 1,
  provedAt: null,
  proof: null,
  unproven: null,
  alarmSince: null,
  alarmReason: null,
  alarmAnswer: null,
  alarmEndedAt: null,
  alarmMailAt: null,
  alarmMailedSince: null,
  lastGood: state.lastGood ?? null,
});

it("in quarantine, every user that the gateway accepted before can still sign in, after this delivery and the next (DK-18)", () => {
  const both = [credential("ada"), credential("bob")];
  const { state } = plan(application({ credentials: both }));
  expect(state.form).toBe("stated");
  const one = plan(application({ credentials: [credential("ada"), credential("bob", "")] }), delivered(state));
  expect([one.state.form, one.state.lastGood]).toEqual(["quarantined", state.lastGood]);
  const next = plan(application({ credentials: [...both, credential("eve", "")] }), delivered(one.state));
  expect(next.state.form).toBe("quarantined");
  expect(next.file.text).toContain("ada:");
  expect(next.file.text).toContain("bob:");
});

it("the deny of a host closes, so it is applied before any route of the host (DK-18)", () => {
  const deny = { organizationId: "org_1", group: 0 };
  expect(planDeny(deny, ["wiki.example.org"], gateway())).toMatchObject({ effect: "closes" });
  expect(planDeny(deny, [], gateway())).toMatchObject({ text: null, effect: "removes" });
});

it("rows that make the compiler throw produce no file and affect no other application (DK-18)", () => {
  const odd: RouteState = JSON.parse(JSON.stringify({ ...route, upstreams: null }));
  const { file, state } = plan(application({ routes: [odd] }));
  expect(file).toMatchObject({ name: "app_1.yml", text: null, effect: "removes" });
  expect(state).toMatchObject({ form: "closed", diagnostics: [{ problem: "not_compilable" }] });
});

it("a public application of a gateway without tags is public (DK-19)", () => {
  const open = application({ access: "public-when-empty", openedBy: "delete", credentials: [] });
  for (const tags of [true, false]) {
    expect(plan(open, undefined, gateway(tags)).state).toMatchObject({ intended: "public", form: "stated" });
  }
});
