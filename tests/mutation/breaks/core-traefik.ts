import { type Break, breaksOf } from "../break";

const byHand = ["tests/traefik/compiler/compile-application.test.ts"];
const golden = ["tests/traefik/compiler/golden.test.ts"];
const properties = ["tests/traefik/compiler/compile-application.property.test.ts"];
const refused = ["tests/traefik/compiler/refused-values.test.ts"];
const delivery = ["tests/traefik/compiler/delivery-rules.test.ts"];

/** What the compiler of the gateway's files must not lose. */
export const coreTraefikBreaks: readonly Break[] = [
  ...breaksOf("src/traefik/compiler/routes-document.ts", properties, [
    {
      of: "DK-18",
      says: "the pass header stands before the lock",
      find: "tagged(names.tag, ...lock, PASS_MIDDLEWARE)",
      replace: "tagged(names.tag, PASS_MIDDLEWARE, ...lock)",
    },
    {
      of: "DK-18",
      says: "a gateway without tags asks nobody for a password",
      find: "chain.filter((name) => name === names.auth || name === names.closed);",
      replace: "[];",
    },
    {
      of: "DK-18",
      says: "a path of an application that is closed is open to whoever is above it",
      find: "const prefixed = [...plan.open, ...plan.closed].filter(",
      replace: "const prefixed = [...plan.open].filter(",
      tests: golden,
    },
    {
      of: "DK-3",
      says: "an old compile answers with the tag of the present one",
      find: "const compiled = canonicalText(parts);",
      replace: "const compiled = canonicalText({ routers: parts.routers ?? {} });",
      tests: byHand,
    },
    {
      of: "DK-3",
      says: "the deny twin of a route passes for the route",
      find: 'secretCode(tagKey, "twin", [applicationId, compiled])',
      replace: 'secretCode(tagKey, "tag", [applicationId, compiled])',
    },
    {
      of: "DK-3",
      says: "a visitor who passes proves that an application asks for a password",
      find: 'plan.users === null ? "passed" : "stopped"',
      replace: '"passed"',
      tests: golden,
    },
    {
      of: "DK-3",
      says: "of a route with a path the whole host is asked",
      find: 'path: route.pathPrefix ?? "/", expect',
      replace: 'path: "/", expect',
      tests: golden,
    },
  ]),
  ...breaksOf("src/traefik/compiler/compile-application.ts", properties, [
    {
      of: "DK-19",
      says: "an application with a row that cannot be compiled becomes public",
      find: 'const isPublic = intended === "public" && stated;',
      replace: 'const isPublic = intended === "public";',
    },
    {
      of: "DK-18",
      says: "in quarantine a credential is let in that the gateway never had",
      find: "stated ? credentials.usable : taken(credentials.usable, lastGood?.credentials);",
      replace: "credentials.usable;",
    },
    {
      of: "DK-18",
      says: "in quarantine a route is open that the gateway never had",
      find: "taken(routes.buildable.filter(isServable), lastGood?.routes);",
      replace: "routes.buildable.filter(isServable);",
      tests: golden,
    },
    {
      of: "DK-18",
      says: "a route that must not be served is served, for it was before",
      find: "taken(routes.buildable.filter(isServable), lastGood?.routes);",
      replace: "taken(routes.buildable, lastGood?.routes);",
      tests: byHand,
    },
    {
      of: "DK-18",
      says: "a lock without users is open",
      find: 'const isProtected = intended === "protected" && users.length > 0;',
      replace: 'const isProtected = intended === "protected";',
    },
    {
      of: "DK-18",
      says: "what is not open is not there, and falls through to whoever is below",
      find: "filter((route) => !open.includes(route)),",
      replace: "filter((route) => !open.includes(route) && isProtected),",
      tests: golden,
    },
  ]),
  ...breaksOf("src/traefik/compiler/fingerprint.ts", golden, [
    {
      of: "DK-4",
      says: "in quarantine an old password comes back",
      find: "[row.securityId, row.username, row.hash]",
      replace: "[row.securityId, row.username]",
    },
    {
      of: "DK-18",
      says: "in quarantine a route leads where nobody looked",
      find: ", inOrder(upstreams, (upstream) => upstream)]",
      replace: ", upstreams.length]",
    },
  ]),
  ...breaksOf("src/traefik/compiler/check-credentials.ts", golden, [
    {
      of: "DK-21",
      says: "a credential that has expired opens",
      find: "rows.filter((row) => row.valid),",
      replace: "[...rows],",
    },
    {
      of: "DK-10",
      says: "two hashes of different cost tell which user exists",
      find: 'return own === cost ? null : "mixed_cost";',
      replace: "return null;",
    },
    {
      of: "DK-7",
      says: "of two credentials of one name both are written",
      find: 'return usernames.get(row.username) === 1 ? null : "duplicate_username";',
      replace: "return null;",
    },
    {
      of: "DK-8",
      says: "a user name is written that ends the line",
      find: 'if (!isUsername(row.username)) return "bad_username";',
      replace: "",
      tests: properties,
    },
  ]),
  ...breaksOf("src/traefik/compiler/check-routes.ts", golden, [
    {
      of: "DK-18",
      says: "of two routes at one place chance decides which is served",
      find: 'if (places.get(placeOf(route)) !== 1) return "duplicate_route";',
      replace: "",
    },
    {
      of: "DK-18",
      says: "a host is written that ends the rule",
      find: 'if (!isHost(route.host)) return "bad_host";',
      replace: "",
    },
  ]),
  ...breaksOf(
    "src/traefik/compiler/hash-shape.ts",
    ["tests/traefik/compiler/hash-shape.test.ts"],
    [
      {
        of: "DK-17",
        says: "a hash is delivered that takes the gateway minutes",
        find: "(0[4-9]|1[0-2])",
        replace: "(0[4-9]|[1-3][0-9])",
      },
      {
        of: "DK-17",
        says: "a hash is cut short, and delivered",
        find: "[./0-9A-Za-z]{21}[./01]$/",
        replace: "[./0-9A-Za-z]{1,22}$/",
      },
    ],
  ),
  ...breaksOf("src/traefik/compiler/well-formed.ts", golden, [
    {
      of: "DK-8",
      says: "the gateway makes two users of one",
      find: "\\p{Noncharacter_Code_Point}\\ufeff\\u2551]/u",
      replace: "\\p{Noncharacter_Code_Point}\\ufeff]/u",
    },
    {
      of: "DK-8",
      says: "the gateway takes a space off that the user name ends with",
      find: "username.trim() !== username || ",
      replace: "",
    },
    {
      of: "DK-18",
      says: "a path leads out of itself",
      find: '(segment) => segment === "." || segment === "..");',
      replace: '(segment) => segment === ".");',
    },
    {
      of: "DK-18",
      says: "one place has two spellings",
      find: "return URL.canParse(url) && new URL(url).hostname === host;",
      replace: "return URL.canParse(url);",
    },
  ]),
  ...breaksOf(
    "src/traefik/compiler/priority.ts",
    ["tests/traefik/compiler/priority.test.ts", "tests/traefik/compiler/golden.test.ts"],
    [
      {
        of: "DK-18",
        says: "a wildcard takes what an exact host was made for",
        find: "isWildcard(host) ? WILDCARD_ROUTES : EXACT_ROUTES",
        replace: "isWildcard(host) ? EXACT_ROUTES : WILDCARD_ROUTES",
      },
      {
        of: "DK-18",
        says: "a deny twin stands as high as its route",
        find: "return routePriority(host, pathPrefix) - 1;",
        replace: "return routePriority(host, pathPrefix);",
      },
      {
        of: "DK-18",
        says: "a claimed host is answered by the wildcard of somebody else",
        find: 'return kind === "exact" ? EXACT_DENY : WILDCARD_DENY;',
        replace: 'return kind === "exact" ? WILDCARD_DENY : EXACT_DENY;',
      },
      {
        of: "DK-18",
        says: "a request for a raw tunnel reaches an open path first",
        find: "export const H2C_DENY_PRIORITY = BASE + 4 * TIER;",
        replace: "export const H2C_DENY_PRIORITY = BASE;",
      },
      {
        of: "DK-18",
        says: "a deeper path is hidden by a shallower one",
        find: "+ 2 * depth + 1;",
        replace: "- 2 * depth + 1;",
      },
    ],
  ),
  ...breaksOf("src/traefik/compiler/rule.ts", golden, [
    {
      of: "DK-18",
      says: "a wildcard matches where its dots are any character",
      find: '.replaceAll(".", "\\\\.")',
      replace: "",
    },
    {
      of: "DK-18",
      says: "a dot behind the host walks around the lock",
      find: "\\\\.?$\\`)`;",
      replace: "$\\`)`;",
    },
    {
      of: "DK-18",
      says: "/admin is /administration too",
      find: "PathPrefix(\\`${pathPrefix}/\\`))`;",
      replace: "PathPrefix(\\`${pathPrefix}\\`))`;",
    },
  ]),
  ...breaksOf("src/traefik/compiler/compile-deny.ts", golden, [
    {
      of: "DK-18",
      says: "one host that is none keeps the others from being denied",
      find: "state.hosts.filter(isHost)",
      replace: "state.hosts",
    },
    {
      of: "DK-20",
      says: "an older deny, which does not name the host, passes for the present one",
      find: "state.group, gateway.entryPoint, hosts]",
      replace: "state.group, gateway.entryPoint]",
    },
  ]),
  ...breaksOf("src/traefik/compiler/compile-shared.ts", golden, [
    {
      of: "DK-18",
      says: "an upstream sees the pass header that a visitor made up",
      find: '{ [TAG_HEADER]: "", [PASS_HEADER]: "" }',
      replace: '{ [TAG_HEADER]: "" }',
    },
    {
      of: "DK-18",
      says: "a raw tunnel is had by writing H2C in upper case",
      find: "`(?i)h2c`",
      replace: "`h2c`",
    },
  ]),
  ...breaksOf("src/traefik/compiler/compile-marker.ts", refused, [
    {
      of: "DK-3",
      says: "a marker is written that names no delivery",
      find: "if (![epoch, digest].every(",
      replace: "if (![epoch, digest].some(",
    },
    {
      of: "DK-3",
      says: "the marker answers to everybody below a wildcard",
      find: "if (!isExactHost(marker.secretHost)) throw",
      replace: 'if (marker.secretHost === "") throw',
    },
  ]),
  ...breaksOf("src/traefik/compiler/compile-static.ts", golden, [
    {
      of: "PO-13",
      says: "the probe's entry point serves before the guard is there",
      find: "${scalar(settings.probeAddress)}\n${CLOSED}",
      replace: "${scalar(settings.probeAddress)}",
    },
    {
      of: "PO-13",
      says: "an encoded slash walks around a path's lock",
      find: "allowEncodedSlash: false",
      replace: "allowEncodedSlash: true",
    },
    {
      of: "PO-13",
      says: "a folder's name adds settings of its own",
      find: "if (/[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\u2551]/u.test(text)) throw",
      replace: "if (/[\\p{Cs}]/u.test(text)) throw",
      tests: refused,
    },
    {
      of: "PO-13",
      says: "containers come before what is written here",
      find: "    - file\n    - docker",
      replace: "    - docker\n    - file",
    },
  ]),
  ...breaksOf("src/traefik/compiler/secret-code.ts", delivery, [
    {
      of: "DK-3",
      says: "a key that can be guessed makes the tags",
      find: "if (key.length < 16) throw",
      replace: "if (key.length < 1) throw",
    },
  ]),
  ...breaksOf("src/traefik/compiler/chain-digest.ts", delivery, [
    {
      of: "DK-3",
      says: "a delivery does not tell those before it apart",
      find: '"chain", [previous, entries], 32)',
      replace: '"chain", [entries], 32)',
    },
    {
      of: "DK-3",
      says: "a delivery does not tell a file's contents apart",
      find: "=> [name, digest]);",
      replace: "=> [name, digest === null]);",
    },
  ]),
  ...breaksOf("src/traefik/compiler/order-batch.ts", delivery, [
    {
      of: "DK-5",
      says: "what opens is there before what closes",
      find: "{ closes: 0, opens: 1, removes: 2 }",
      replace: "{ closes: 1, opens: 0, removes: 2 }",
    },
    {
      of: "DK-20",
      says: "a file is removed before what takes its place is there",
      find: "{ closes: 0, opens: 1, removes: 2 }",
      replace: "{ closes: 0, opens: 2, removes: 1 }",
    },
  ]),
  ...breaksOf(
    "src/traefik/compiler/exposure-proof.ts",
    ["tests/traefik/compiler/exposure-proof.test.ts"],
    [
      {
        of: "DK-18",
        says: "a visitor who passed without a password proves that there is a lock",
        find: 'if (passed) return no("passed", false);',
        replace: "",
      },
      {
        of: "DK-3",
        says: "the answer of an older compile is a proof",
        find: 'if (answer.tag !== expected.tag) return no("other_compile", false);',
        replace: "",
      },
      {
        of: "DK-3",
        says: "an upstream makes the pass header itself",
        find: 'if (answer.pass !== null && answer.pass !== expected.passTag) return no("not_our_pass", false);',
        replace: "",
      },
      {
        of: "DK-18",
        says: "304 is a refusal",
        find: " || answer.status === 304;",
        replace: ";",
      },
    ],
  ),
  ...breaksOf("src/traefik/compiler/render-document.ts", properties, [
    {
      of: "DK-8",
      says: "a user name runs as a template at the gateway",
      find: '.replace(/(?<=\\{)\\{/g, "\\\\u007b")',
      replace: "",
    },
    {
      of: "DK-18",
      says: "an empty list freezes the whole gateway",
      find: 'if (items.length === 0) throw new TypeError("renderDocument: empty map or list");',
      replace: "",
      tests: refused,
    },
  ]),
  ...breaksOf("src/traefik/compiler/realm.ts", golden, [
    {
      of: "DK-17",
      says: "the password dialogue shows one name as another",
      find: "[\\p{Cc}\\p{Cf}\\p{Cs}",
      replace: "[\\p{Cc}\\p{Cs}",
    },
    {
      of: "DK-17",
      says: "an application's name adds to the gateway's header",
      find: ".replaceAll('\"', \"'\")",
      replace: "",
    },
  ]),
  ...breaksOf("src/traefik/compiler/route-service.ts", golden, [
    {
      of: "DK-18",
      says: "all upstreams of a route must show the certificate of the last one",
      find: "const name = groups.length === 1 ? route.routeId : `${route.routeId}-${index}`;",
      replace: "const name = route.routeId;",
    },
  ]),
  ...breaksOf(
    "src/traefik/schema/hosts-of-rule.ts",
    ["tests/traefik/schema/hosts-of-rule.test.ts"],
    [
      {
        of: "TM-53",
        says: "a foreign rule for every host but one is taken for that one's",
        find: 'return this.one() === null ? null : "any";',
        replace: "return this.one();",
      },
      {
        of: "TM-53",
        says: "a foreign rule for one host or any path is taken for the host's",
        find: 'return left === "any" || right === "any" ? "any" : [...left, ...right];',
        replace: 'return left === "any" ? right : right === "any" ? left : [...left, ...right];',
      },
    ],
  ),
  ...breaksOf(
    "src/traefik/schema/read-own-json.ts",
    ["tests/traefik/schema/read-own-json.test.ts"],
    [
      {
        of: "TM-53",
        says: "text that is not quite ours is read as if it were",
        find: "if (!isMap(root) || renderValue(root.http) !== text) return null;",
        replace: "if (!isMap(root)) return null;",
      },
    ],
  ),
];
