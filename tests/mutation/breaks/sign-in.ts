import { type Break, breaksOf } from "../break";

const trustedHeader = "tests/identity/trusted-header.db.test.ts";
const signIn = "tests/identity/sign-in.db.test.ts";
const attacks = "tests/http/session-attacks.db.test.ts";
const cookie = "tests/identity/session-cookie.db.test.ts";

/** What the way in must not lose: cookies, pages of ours alone, headers, proxies that are named. */
export const signInBreaks: readonly Break[] = [
  ...breaksOf(
    "src/operations/own-page.ts",
    [signIn],
    [
      {
        of: "TM-32..34",
        says: "a page of any origin changes something by a session",
        find: 'if (arrival.kind === "unknown" || !isSameOrigin(from, arrival.origin)) {',
        replace: 'if (arrival.kind === "unknown" && from !== null) {',
      },
      {
        of: "TM-32..34",
        says: "a change by a session needs some token, whosever it is",
        find: 'csrfToken === null || !runtime.signer.verify("csrf", sessionHash, csrfToken)',
        replace: "csrfToken === null || !sessionHash",
      },
      {
        of: "TM-32..34",
        says: "a change by a session needs no token if none is sent",
        find: 'csrfToken === null || !runtime.signer.verify("csrf", sessionHash, csrfToken)',
        replace: 'csrfToken && !runtime.signer.verify("csrf", sessionHash, csrfToken)',
      },
      {
        of: "AUD, TM-32",
        says: "a change from another page is refused without a trace",
        find: "  await Authorized.refuse(request, refusal);\n",
        replace: "",
        tests: ["tests/features/audit-log/installation-log.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/operations/authenticate.ts",
    [signIn],
    [
      {
        of: "TM-34",
        says: "an empty key counts as none",
        find: "if (call.apiKey !== null) {",
        replace: "if (call.apiKey) {",
        tests: [attacks],
      },
    ],
  ),
  ...breaksOf(
    "src/http/trpc/router.ts",
    [signIn],
    [
      {
        of: "TM-38",
        says: "nobody is told when to come again",
        find: 'answerHeaders.set("retry-after", String(retryAfter))',
        replace: 'answerHeaders.delete("retry-after")',
        tests: ["tests/features/account/own-sessions.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/operations/operation.ts",
    ["tests/identity/links.db.test.ts"],
    [
      {
        of: "TM-32",
        says: "a page of any origin asks for whoever has not signed in",
        find: "if (!isSameOrigin(from, arrival.origin)) {",
        replace: "if (!isSameOrigin(arrival.origin, arrival.origin)) {",
      },
    ],
  ),
  ...breaksOf(
    "src/http/sign-in/cookies.ts",
    [cookie],
    [
      {
        of: "TM-9, AM-9",
        says: "scripts read what a sign-in under way keeps in cookies",
        find: "httpOnly: true",
        replace: "httpOnly: false",
        tests: ["tests/identity/oidc.db.test.ts"],
      },
      {
        of: "TM-10, AM-10",
        says: "the session's cookie is sent without TLS",
        find: "secure: isSecure(origin)",
        replace: "secure: false",
      },
      {
        of: "TM-11, AM-11",
        says: "the cookie is Lax whatever the setting says",
        find: "sameSite: signIn.sameSite",
        replace: 'sameSite: "lax"',
      },
      {
        of: "TM-9, AM-12",
        says: "a subdomain sets the session's cookie for this host",
        find: 'isSecure(origin) ? "__Host-" : ""',
        replace: 'isSecure(origin) ? "__Secure-" : ""',
      },
      {
        of: "TM-7",
        says: "a cookie that a subdomain adds goes before ours",
        find: "if (!Object.hasOwn(cookies, name)) cookies[name]",
        replace: "cookies[name]",
        tests: [attacks],
      },
      {
        of: "TM-5, PO-9",
        says: "a rotation of the secret signs everybody out",
        find: 'for (const secret of signer.keys("session")) {',
        replace: 'for (const secret of signer.keys("session").slice(0, 1)) {',
        tests: ["tests/main/host/rotate-secrets.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/http/sign-in/session-cookies.ts",
    ["tests/features/account/own-sessions.db.test.ts"],
    [
      {
        of: "TM-9",
        says: "scripts read the cookie of a session that goes on",
        find: '...attributes(place, session.maxAge), "HttpOnly"]',
        replace: "...attributes(place, session.maxAge)]",
      },
      {
        of: "TM-5",
        says: "the cookie of a remembered session ends with the day",
        find: "`Max-Age=${maxAge}`",
        replace: "`Max-Age=${Math.min(maxAge, 86_400)}`",
        tests: ["tests/identity/totp.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/http/sign-in/sign-in-handler.ts",
    [attacks],
    [
      {
        of: "TM-32",
        says: "a form of any origin signs in and out",
        find: 'if (method === "POST" && !isSameOrigin(from, origin)) {',
        replace: 'if (method === "PUT" && !isSameOrigin(from, origin)) {',
      },
      {
        of: "AM-13",
        says: "no answer waits for the slowest",
        find: "await noSoonerThan(runtime.signIn.answerFloorMs, (again) => signIn(attempt, body, again))",
        replace: "await noSoonerThan(0, (again) => signIn(attempt, body, again))",
        tests: ["tests/identity/sign-in-timing.db.test.ts"],
      },
      {
        of: "TM-32",
        says: "a form without the token is answered as if nothing was wrong",
        find: "outcome.opened === null && isForeignForm(answer)",
        replace: "outcome.opened !== null && isForeignForm(answer)",
        tests: [signIn],
      },
      {
        of: "TM-7",
        says: "a sign-out takes the cookie away and leaves the session",
        find: "await signOut(attempt).catch(",
        replace: "await Promise.resolve(signOut).catch(",
        tests: [signIn],
      },
    ],
  ),
  ...breaksOf(
    "src/http/sign-in/sign-in-options.ts",
    ["tests/identity/oidc.db.test.ts"],
    [
      {
        of: "TM-12",
        says: "a sign-in goes on to another site",
        find: "return target.origin === origin ? target.href : `${origin}/`;",
        replace: "return target.href.startsWith(origin) ? target.href : `${origin}/`;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/record-sign-in.ts",
    [signIn],
    [
      {
        of: "AUD, TM-4",
        says: "a sign-in is written into the installation's log alone",
        find: "    (signIn.person && (await firstOrganization(tx, signIn.person.userId))) ??\n",
        replace: "",
        tests: ["tests/features/audit-log/installation-log.db.test.ts", "tests/database/audit.db.test.ts", signIn],
      },
      {
        of: "AUD",
        says: "a refused sign-in is written into the installation's log alone",
        find: '    (person && (await runtime.database.batch("identity", null, 1, (tx) => firstOrganization(tx, person.userId)))) ??\n',
        replace: "",
        tests: ["tests/features/audit-log/installation-log.db.test.ts", "tests/database/audit.db.test.ts", signIn],
      },
      {
        of: "TM-1",
        says: "each refused sign-in of a flood has a commit of its own",
        find: "await nextWriting(runtime.signIn.answerFloorMs * shareOfFloor);",
        replace: "void [nextWriting, shareOfFloor];",
        tests: ["tests/identity/sign-in-flood.db.test.ts"],
      },
      {
        of: "AUD",
        says: "a refused try that its method has not written down leaves no trace",
        find: 'await recordStranger({ ...attempt, action: "auth.signIn" }, refusal);',
        replace: "void recordStranger;",
        tests: ["tests/features/audit-log/installation-log.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/take-try.ts",
    ["tests/identity/limits.db.test.ts"],
    [
      {
        of: "AUD, TM-2",
        says: "too many tries leave no trace",
        find: "if (!(refusal instanceof TooMany)) return refusal;",
        replace: "if (refusal) return refusal;\n  if (!(refusal instanceof TooMany)) return refusal;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/sign-out.ts",
    [signIn],
    [
      {
        of: "AUD, TM-7",
        says: "a sign-out is not in the log",
        find: "    if (!ended) return;",
        replace: "    if (!ended || ended.userId) return;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/trusted-header.ts",
    [trustedHeader],
    [
      {
        of: "TM-35",
        says: "the header is believed from every proxy",
        find: "if (peer === null || !isAmong(peer, settings.proxies))",
        replace: "if (peer === null)",
      },
      {
        of: "TM-35",
        says: "the header is believed from whoever X-Forwarded-For names",
        find: "const said = readHeaders(attempt, trustedHeader);",
        replace: "const said = readHeaders({ ...attempt, peer: attempt.ip }, trustedHeader);",
      },
      {
        of: "TM-35, ADR-14",
        says: "the header is believed at the address for emergencies",
        find: 'if (local) return "trusted_header_local";',
        replace: 'if (local && peer === null) return "trusted_header_local";',
      },
      {
        of: "TM-35",
        says: "whoever the header names gets an account, though that is off",
        find: "if (!existing && !settings.createsPersons)",
        replace: "if (!existing && settings.createsPersons === null)",
      },
      {
        of: "TM-35",
        says: "a member whose groups give no role any more comes in",
        find: "if (!(await findMembership(tx, organizationId, person.userId))) return",
        replace: "if (!(await findMembership(tx, organizationId, person.userId)) || groups.length === 0) return",
      },
      {
        of: "TM-2, TM-35",
        says: "the header is tried without a limit",
        find: 'await takeTry(attempt, limits.signInByAddress, attempt.ip ?? "unknown");',
        replace: "void [takeTry, limits];",
      },
      {
        of: "TM-35, AUD",
        says: "the visitor is told why the header was refused",
        find: 'throw new Unauthenticated("sign_in_refused", "Signing in this way did not work.");',
        replace: 'throw new Unauthenticated(error.reason, "Signing in this way did not work.");',
      },
    ],
  ),
  ...breaksOf(
    "src/main/sign-in-settings.ts",
    ["tests/main/sign-in-settings.test.ts"],
    [
      {
        of: "TM-35",
        says: "the header is on without a proxy that is named",
        find: "if (proxies.length === 0) return null;",
        replace: "if (proxies.length < 0) return null;",
      },
      {
        of: "TM-5, TM-6",
        says: "idle minutes are taken for seconds",
        find: "idle: settings.sessionIdleMinutes * 60,",
        replace: "idle: settings.sessionIdleMinutes,",
      },
      {
        of: "TM-5",
        says: "a session is remembered for seven hours",
        find: "settings.sessionRememberDays * 24 * hour",
        replace: "settings.sessionRememberDays * hour",
      },
      {
        of: "ADR-10, ADR-14",
        says: "there is no way in at the host's own address",
        find: "localOrigins: isLocal ?",
        replace: "localOrigins: !isLocal ?",
      },
    ],
  ),
  ...breaksOf(
    "src/http/server/security-headers.ts",
    ["tests/http/server/security-headers.test.ts"],
    [
      {
        of: "AM-19, AM-20",
        says: "pages of this origin may frame",
        find: '"x-frame-options": "DENY"',
        replace: '"x-frame-options": "SAMEORIGIN"',
      },
      {
        of: "AM-21",
        says: "browsers guess what an answer is",
        find: '"x-content-type-options": "nosniff",',
        replace: "",
      },
      {
        of: "AM-22",
        says: "other sites learn the addresses of pages",
        find: '"referrer-policy": "same-origin"',
        replace: '"referrer-policy": "unsafe-url"',
      },
      {
        of: "AM-23",
        says: "scripts of a page run without its nonce",
        find: "'strict-dynamic'${development ? \" 'unsafe-eval'\" : \"\"}",
        replace: "'unsafe-inline'${development ? \" 'unsafe-eval'\" : \"\"}",
      },
      {
        of: "AM-23",
        says: "any page frames ours",
        find: `"form-action": "'self'",\n    "frame-ancestors": "'none'",`,
        replace: `"form-action": "'self'",`,
      },
      {
        of: "AM-19..23",
        says: "a page has the same nonce each time",
        find: 'return randomBytes(16).toString("base64");',
        replace: 'return Buffer.alloc(randomBytes(16).length).toString("base64");',
      },
      {
        of: "AM-19..23, PO-16",
        says: "browsers of an installation with http are told to use https alone",
        find: "if (secure === null) return always;",
        replace: "if (secure === null) return securityHeaders({ includeSubdomains: false });",
      },
      {
        of: "AM-23",
        says: "what is no page may load whatever it likes",
        find: "default-src 'none'; base-uri 'none'",
        replace: "base-uri 'none'",
      },
    ],
  ),
];
