import fc from "fast-check";
import type {
  ApplicationState,
  CredentialState,
  DenyState,
  GatewayState,
  RouteState,
  UpstreamState,
} from "#src/traefik/compiler/state";

/** Generates rows: most of them valid, some hostile, with few names, so that they collide. */

const HASHES = [
  "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
  "$apr1$pepper12$OyEl1ADOAAGT6sqt40lTD/",
  "$2b$04$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.",
  "$2b$05$0bXRkQlVSypO8N/9/DxZz.x4aB61ZsCo71803JA.hjSIY9DQkW3Q6",
];

/** Text with a meaning in templates, rules, lists, YAML or headers. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc
    .array(
      fc.constantFrom(
        "{{",
        "}}",
        "║",
        "`",
        '"',
        "\\",
        "\n",
        "\r",
        ":",
        ",",
        "||",
        "\u2028",
        "\ud800",
        "\u007f",
        "{",
        "$",
        "%",
        "a",
      ),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join("")),
  fc.constantFrom('{{ env "HOME" }}', "a`) || Host(`b", "\ufeff", "null", "~", "0x10", "1e3", "yes", "🏰", "*."),
);

const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>, weight: number) =>
  fc.oneof({ arbitrary: good, weight }, { arbitrary: bad, weight: 1 });

const credential = (weight: number): fc.Arbitrary<CredentialState> =>
  fc.record({
    securityId: mostly(
      fc.nat(9).map((n) => `sec_${n}`),
      hostile,
      weight,
    ),
    username: mostly(fc.constantFrom("ada", "bob", "jürgen", "{{x}}", 'q"\\', "Zoe 🏰"), hostile, weight),
    hash: mostly<string | null>(
      fc.constantFrom(...HASHES.slice(0, 2)),
      fc.oneof(hostile, fc.constant(null), fc.constantFrom(...HASHES)),
      weight,
    ),
    valid: fc.boolean(),
  });

const upstream = (weight: number): fc.Arbitrary<UpstreamState> =>
  fc.record({
    url: mostly(
      fc.constantFrom("http://one.test:8080", "https://192.0.2.1", "https://[2001:db8::1]:8443", "http://my_app"),
      hostile,
      weight,
    ),
    serverName: mostly<string | null>(fc.constantFrom(null, "a.example.net", "b.example.net"), hostile, weight),
  });

const goodHost = fc.constantFrom(
  "a.example.org",
  "b.example.org",
  "*.example.org",
  "localhost",
  "xn--bcher-kva.example",
);

const route = (weight: number): fc.Arbitrary<RouteState> =>
  fc.record({
    routeId: mostly(
      fc.nat(9).map((n) => `rte_${n}`),
      hostile,
      weight,
    ),
    host: mostly(goodHost, hostile, weight),
    enabled: mostly(fc.constant(true), fc.constant(false), weight),
    pathPrefix: mostly<string | null>(fc.constantFrom(null, "/a", "/a/b", "/~x/y.z"), hostile, weight),
    upstreams: fc.array(upstream(weight), { minLength: weight > 20 ? 1 : 0, maxLength: 3 }),
  });

const state = (weight: number): fc.Arbitrary<ApplicationState> =>
  fc.record({
    applicationId: mostly(fc.constant("app_one"), hostile, weight * 3),
    organizationId: fc.constant("org_one"),
    name: fc.oneof(fc.constant("Wiki"), hostile),
    access: fc.constantFrom("public-when-empty", "protected"),
    closedByHand: mostly(fc.constant(false), fc.constant(true), 5),
    openedBy: fc.constantFrom(null, "create", "delete", "access"),
    neverPublic: mostly(fc.constant(false), fc.boolean(), 3),
    hashAlgorithm: mostly<"apr1" | "bcrypt">(fc.constant("apr1"), fc.constant("bcrypt"), 8),
    credentials: fc.array(credential(weight), { maxLength: 5 }),
    routes: fc.array(route(weight), { maxLength: 5 }),
  });

/** Any state. One third hardly ever has an invalid value; the others have some or many. */
export const anyState: fc.Arbitrary<ApplicationState> = fc.oneof(state(1_000), state(12), state(2));

export const anyGateway: fc.Arbitrary<GatewayState> = fc.record({
  gatewayId: fc.constant("gtw_one"),
  entryPoint: fc.constant("web"),
  tagKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  tags: fc.boolean(),
});

/** A state and a later state of the same application: rows stay, disappear, change and appear. */
export const anyHistory: fc.Arbitrary<readonly [ApplicationState, ApplicationState]> = fc
  .tuple(anyState, anyState, fc.infiniteStream(fc.boolean()))
  .map(([before, other, keep]) => {
    const stays = <T>(rows: readonly T[]) => rows.filter(() => keep.next().value === true);
    const credentials = [...stays(before.credentials), ...stays(other.credentials)];
    return [before, { ...other, credentials, routes: [...stays(before.routes), ...stays(other.routes)] }];
  });

export const anyDeny: fc.Arbitrary<DenyState> = fc.record({
  organizationId: fc.constant("org_one"),
  group: fc.nat(),
  hosts: fc.array(mostly(goodHost, hostile, 2), { maxLength: 8 }),
});
