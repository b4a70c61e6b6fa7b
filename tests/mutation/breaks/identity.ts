import { type Break, breaksOf } from "../break";

const [signIn, links, limits, totp, recoveryCodes, passkeys, passwords, timing] = [
  "sign-in.db",
  "links.db",
  "limits.db",
  "totp.db",
  "recovery-codes.db",
  "passkeys.db",
  "passwords",
  "sign-in-timing.db",
].map((name) => `tests/identity/${name}.test.ts`) as [string, string, string, string, string, string, string, string];
const ownSessions = "tests/features/account/own-sessions.db.test.ts";
const operators = "tests/main/host/operators.db.test.ts";

/** What sessions, passwords and second factors must not lose. */
export const identityBreaks: readonly Break[] = [
  ...breaksOf(
    "src/identity/tokens.ts",
    ["tests/identity/tokens.test.ts"],
    [
      {
        of: "TM-4, AM-6",
        says: "half of a token's bytes are not random",
        find: 'Buffer.from(random(32)).toString("base64url")',
        replace: 'Buffer.concat([random(16), new Uint8Array(16)]).toString("base64url")',
      },
      {
        of: "TM-4, AM-28",
        says: "the database keeps sessions and links as they are handed out",
        find: 'return createHash("sha256").update(token, "utf8").digest("hex");',
        replace: "return token;",
        tests: [links],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sessions.ts",
    [totp],
    [
      {
        of: "TM-7",
        says: "the session from before a sign-in goes on beside the new one",
        find: "if (sessionHash !== null) await tx.delete(sessions).where(eq(sessions.hash, sessionHash));",
        replace: "",
        tests: ["tests/http/session-attacks.db.test.ts"],
      },
      {
        of: "TM-21",
        says: "whoever knows the password alone has a day to guess a code",
        find: 'const maxAge = wanted.stage === "full" ? lasts : secondFactorSeconds;',
        replace: "const maxAge = lasts;",
      },
      {
        of: "TM-5, TM-6",
        says: "a session without `remember me` lasts as long as one with it",
        find: "wanted.remember ? lifetimes.remembered : lifetimes.session",
        replace: "lifetimes.remembered",
        tests: [signIn],
      },
      {
        of: "TM-6, AM-7",
        says: "a remembered session ends as early as any when it is not used",
        find: "remember ? lifetimes.idleRemembered : lifetimes.idle",
        replace: "lifetimes.idle",
        tests: ["tests/identity/sweep.db.test.ts"],
      },
      {
        of: "ADR-10",
        says: "a session of the host's own address is good at the public one",
        find: "    local,\n    organizationId",
        replace: "    local: false,\n    organizationId",
        tests: ["tests/http/session-attacks.db.test.ts"],
      },
      {
        of: "TM-12",
        says: "an organization's own provider opens sessions that are good for every organization",
        find: "boundTo: wanted.provider?.organizationId ?? null",
        replace: "boundTo: null",
        tests: ["tests/features/providers/providers.db.test.ts"],
      },
      {
        of: "TM-7, PO-22",
        says: "of somebody's sessions none ends but the one that is kept",
        find: "ne(sessions.sessionId, exceptId)))",
        replace: "eq(sessions.sessionId, exceptId)))",
        tests: [ownSessions],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/invitation.ts",
    ["tests/identity/invitation.db.test.ts"],
    [
      {
        of: "PO-19",
        says: "an account is made with the address that somebody typed, not with the invited one",
        find: "name: typedName }: Fields,\n): Promise<OpenedSession> {\n  const { database, clock } = attempt.runtime;\n  const { email } = found;",
        replace:
          "name: typedName, email = found.email }: Fields,\n): Promise<OpenedSession> {\n  const { database, clock } = attempt.runtime;",
      },
      {
        of: "PO-19",
        says: "an invitation that was taken back meanwhile still makes an account",
        find: "    await requireGoodInvitation(tx, invitation, now);\n",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/invitations.ts",
    ["tests/identity/invitation.db.test.ts"],
    [
      {
        of: "PO-19",
        says: "an invitation never ends",
        find: 'if (hasPassed(invitation.expiresAt, now)) return "expired";',
        replace: "",
      },
      {
        of: "PO-19, PO-22",
        says: "an invitation outlives the right of whoever sent it",
        find: '(await mayStillInvite(tx, invitation)) ? null : "void"',
        replace: "(await mayStillInvite(tx, invitation)) ? null : null",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sweep.ts",
    ["tests/identity/sweep.db.test.ts"],
    [
      {
        of: "TM-8, AM-8",
        says: "sessions that nobody used stay until their last day",
        find: "or(passedInSql(sessions.expiresAt, now), passedInSql(idleEnd, now))",
        replace: "or(passedInSql(sessions.expiresAt, now), sql`${idleEnd} is null`)",
      },
      {
        of: "TM-8",
        says: "one batch is removed and the rest stays",
        find: "if (removed.length < atOnce) break;",
        replace: "break;",
      },
      {
        of: "AM-28",
        says: "a link that is over says at once that nobody knows it",
        find: "passedInSql(links.expiresAt, later(now, -linkKeptFor))",
        replace: "passedInSql(links.expiresAt, later(now, 0 * linkKeptFor))",
      },
    ],
  ),
  ...breaksOf(
    "src/main/identity-sweeper.ts",
    ["tests/main/identity-sweeper.test.ts"],
    [
      {
        of: "TM-8, AM-8",
        says: "what has ended is removed once a day",
        find: "const hour = 3_600_000;",
        replace: "const hour = 24 * 3_600_000;",
      },
      {
        of: "TM-8",
        says: "a database that fails once ends the sweeping for good",
        find: "        runtime.log.warn({ error: describeError(error) }",
        replace: "        stopped.abort();\n        runtime.log.warn({ error: describeError(error) }",
      },
    ],
  ),
  ...breaksOf(
    "src/platform/passwords/hash-workers.ts",
    [passwords],
    [
      {
        of: "TM-1, AM-1",
        says: "passwords are hashed with less memory than OWASP asks for",
        find: "memoryCost: 19_456",
        replace: "memoryCost: 4_096",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/passwords.ts",
    [passwords],
    [
      {
        of: "AM-3, AM-4, TM-1",
        says: "a hash from elsewhere is kept after the sign-in",
        find: "return !stored.startsWith(present);",
        replace: "return stored.startsWith(present);",
      },
      {
        of: "AM-13, TM-23",
        says: "the password of the hash that stands in for nobody's opens an account without one",
        find: "return known !== null && good;",
        replace: "return good;",
      },
      {
        of: "AM-13",
        says: "an account that is not there is answered without the work of a hash",
        find: "const known = stored !== null && isOurs ? stored : null;",
        replace: "const known = stored !== null && isOurs ? stored : null;\n  if (known === null) return false;",
      },
      {
        of: "TM-1",
        says: "a password that breaks one rule is taken",
        find: "if (problems.length === 0) return;",
        replace: "if (problems.length <= 1) return;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/imported-hashes.ts",
    [passwords],
    [
      {
        of: "TM-1, AM-1",
        says: "bcrypt of cost 12 is refused",
        find: "cost <= highestBcryptCost",
        replace: "cost < highestBcryptCost",
      },
      {
        of: "AM-3",
        says: "a hash of any length that begins alike is taken as the password's",
        find: "made.length === stored.length && timingSafeEqual(Buffer.from(made), Buffer.from(stored))",
        replace: "made.slice(0, 16) === stored.slice(0, 16)",
      },
    ],
  ),
  ...breaksOf(
    "src/platform/passwords/hash-queues.ts",
    ["tests/platform/passwords/hash-queues.test.ts"],
    [
      {
        of: "TM-1",
        says: "a flood of sign-ins waits without end",
        find: "const mostWaitingMs = 1_000;",
        replace: "const mostWaitingMs = 1_000_000;",
      },
      {
        of: "TM-1",
        says: "strangers keep a core hashing without a pause",
        find: "await rest(averages.stranger.value * restOfStrangers);",
        replace: "",
      },
      {
        of: "TM-1",
        says: "strangers and organizations stand in one queue",
        find: "return thenResting(strangers, ownerOf(caller.stranger), () =>",
        replace: "return thenResting(known, ownerOf(caller.stranger), () =>",
      },
      {
        of: "TM-1",
        says: "passwords of one organization are hashed before those of another that came later",
        find: "return known(caller.known, () =>",
        replace: 'return known("everybody", () =>',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/limits.ts",
    [limits],
    [
      {
        of: "TM-2",
        says: "whoever has an IPv6 network has as many tries as it has addresses",
        find: 'limit.name.endsWith(":ip") ? networkOf(who) : who',
        replace: "who",
      },
      {
        of: "TM-2, TM-38",
        says: "who is told to wait is told a whole window, however soon the next try is taken",
        find: "new TooMany(limit.name, wait ?? limit.windowSeconds)",
        replace: "new TooMany(limit.name, limit.windowSeconds)",
      },
      {
        of: "TM-30, TM-39",
        says: "five keys are made in a minute, not in an hour",
        find: 'name: "key-creation:ip", tries: 5, windowSeconds: 3_600',
        replace: 'name: "key-creation:ip", tries: 5, windowSeconds: 60',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/take-try.ts",
    [limits],
    [
      {
        of: "TM-2",
        says: "tries with a password are not counted by address",
        find: "takenOf(signInByAddress, row?.addressWait ?? null, nothing);",
        replace: "void nothing;",
      },
      {
        of: "AM-13",
        says: "a try from an address with too many counts for the account too, so that it can be locked without end",
        find: "case when address.wait = 0 then",
        replace: "case when true then",
      },
      {
        of: "AM-13",
        says: "the table of limits keeps what people type for an address",
        find: 'const unknown = signer.sign("limit", email);',
        replace: "const unknown = email;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/password.ts",
    [limits],
    [
      {
        of: "AM-13",
        says: "an address in other letters is another account",
        find: ".trim().toLowerCase()",
        replace: ".trim()",
      },
      {
        of: "AM-13",
        says: "a good sign-in counts as a failure of the account",
        find: "    await failure.forgive();\n    return session;",
        replace: "    return session;",
      },
      {
        of: "AM-13",
        says: "the answer tells that there is an account",
        find: 'return new Unauthenticated("sign_in_refused", "This e-mail address and password do not fit.");',
        replace:
          'return new Unauthenticated("sign_in_refused", account ? "This is not the password." : "This e-mail address and password do not fit.");',
      },
      {
        of: "TM-21, PO-20",
        says: "the password alone opens the account of whoever has a second factor",
        find: 'isGuarded ? "second_factor" : "full"',
        replace: 'isGuarded ? "full" : "full"',
        tests: [totp],
      },
      {
        of: "TM-23",
        says: "a password that was taken away while it was compared opens a session",
        find: "present === undefined || present.hash !== hash",
        replace: "present === undefined",
        tests: [operators],
      },
      {
        of: "AM-4",
        says: "the hash from elsewhere is not replaced",
        find: "if (renewed !== null) await tx.update(passwords)",
        replace: "if (renewed === hash) await tx.update(passwords)",
        tests: ["tests/identity/imported-passwords.db.test.ts"],
      },
      {
        of: "AUD, AM-13",
        says: "the log says of every refused password that there is no such account",
        find: 'reason: account ? "wrong_password" : "unknown_account"',
        replace: 'reason: "unknown_account"',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/answer-floor.ts",
    [timing],
    [
      {
        of: "AM-13",
        says: "a refused sign-in is answered as soon as it is refused",
        find: "  } finally {\n    const left",
        replace: "  } catch (error) {\n    floorMs = 0;\n    throw error;\n  } finally {\n    const left",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/account-lockout.ts",
    [operators],
    [
      {
        of: "TM-23, AM-5",
        says: "whoever is locked out by wrong codes stays so after they are unlocked",
        find: "[limits.failuresByAccount, codeFailuresByAccount, proofFailuresByAccount]",
        replace: "[limits.failuresByAccount]",
      },
      {
        of: "AM-13",
        says: "an account is called locked one failure too late",
        find: "length >= tries",
        replace: "length > tries",
      },
      {
        of: "AM-13",
        says: "an account is called locked long after it is open again",
        find: "stillCounts(time, now, windowSeconds * 1_000)",
        replace: "stillCounts(time, now, windowSeconds * 1_000_000)",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/links.ts",
    [links],
    [
      {
        of: "AM-28, TM-23",
        says: "a link is good for a day",
        find: "const linkSeconds = 1_800;",
        replace: "const linkSeconds = 86_400;",
      },
      {
        of: "TM-23",
        says: "an earlier link stays good beside a newer one",
        find: 'await endLinks(tx, userId === null ? { purpose: "set_up" } : { userId }, "other_link");',
        replace: "",
      },
      {
        of: "TM-23",
        says: "a link is good again and again",
        find: 'if (link.usedAt !== null) return "used";',
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/store-password.ts",
    [links],
    [
      {
        of: "TM-23",
        says: "a link to choose a password outlives the choice of another",
        find: 'await endLinks(tx, { userId }, "password_change");',
        replace: "",
      },
      {
        of: "TM-23",
        says: "who has to change the password has to do it again and again",
        find: "mustChange: false",
        replace: "mustChange: true",
        tests: [ownSessions],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/totp.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "codes of five steps are good",
        find: "const window = 1;",
        replace: "const window = 2;",
      },
      {
        of: "TM-21",
        says: "a code of a slow clock is refused",
        find: "const window = 1;",
        replace: "const window = 0;",
      },
      {
        of: "TM-21",
        says: "a code is good twice",
        find: "or(isNull(totpSecrets.lastStep), lt(totpSecrets.lastStep, step))",
        replace: "or(isNull(totpSecrets.lastStep), lt(totpSecrets.lastStep, step + 1))",
      },
      {
        of: "TM-21",
        says: "codes of an authenticator count that nobody confirmed",
        find: ".where(and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAt)));",
        replace: ".where(eq(totpSecrets.userId, userId));",
      },
      {
        of: "TM-22",
        says: "one person's sealed secret opens in another's row",
        find: "return `totp_secrets:secret_sealed:${userId}`;",
        replace: "return `totp_secrets:secret_sealed:${userId.slice(0, 4)}`;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/second-factor.ts",
    [totp],
    [
      {
        of: "TM-37",
        says: "codes are not counted by address",
        find: 'await takeTry(attempt, limits.codeByAddress, ip ?? "unknown");',
        replace: "",
      },
      {
        of: "TM-21",
        says: "codes of one account are guessed from many addresses",
        find: "codeFailuresByAccount, pending.userId, pending",
        replace: 'codeFailuresByAccount, attempt.ip ?? "", pending',
      },
      {
        of: "TM-21",
        says: "a good code counts as a wrong one",
        find: "await failure.forgive();",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/pending-session.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "a session that waits for nothing takes codes",
        find: 'eq(sessions.stage, "second_factor"),',
        replace: "",
      },
      {
        of: "TM-21",
        says: "a password that was shown an hour ago still waits for its code",
        find: "aheadInSql(sessions.expiresAt, runtime.clock.now()),",
        replace: "",
      },
      {
        of: "ADR-10",
        says: "a password that was shown at the host's own address is gone on with at the public one",
        find: "eq(sessions.local, local),",
        replace: "local ? undefined : undefined,",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/recovery-codes.ts",
    [recoveryCodes],
    [
      {
        of: "TM-21",
        says: "a recovery code is good again and again",
        find: ".where(and(ofPerson, isNull(recoveryCodes.usedAt)))",
        replace: ".where(ofPerson)",
      },
      {
        of: "TM-21",
        says: "a recovery code is good for everybody",
        find: "and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.hash, hash))",
        replace: "eq(recoveryCodes.hash, hash)",
      },
      {
        of: "TM-21",
        says: "the codes from before a renewal stay good",
        find: "newCode(random));\n  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));",
        replace: "newCode(random));",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/second-factors.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "whoever only began to enrol an authenticator cannot sign in any more",
        find: ".where(and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAt))),",
        replace: ".where(eq(totpSecrets.userId, userId)),",
      },
      {
        of: "TM-21",
        says: "recovery codes stay when the last factor is removed",
        find: "if (!(await hasSecondFactor(tx, userId))) await removeRecoveryCodes(tx, userId);",
        replace: "if (await hasSecondFactor(tx, userId)) return;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/challenges.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "a challenge can be answered at any time",
        find: "if (!row || hasPassed(row.expiresAt, clock.now())) return null;",
        replace: "if (!row) return null;",
      },
      {
        of: "— (passkeys)",
        says: "a challenge to enrol is answered to sign in",
        find: "and(eq(challenges.hash, hashOfToken(challenge)), eq(challenges.purpose, purpose))",
        replace: "eq(challenges.hash, hashOfToken(challenge))",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/passkeys.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "a passkey is shown in a frame of somebody else's page",
        find: "clientData.origin !== site.origin || clientData.crossOrigin === true",
        replace: "clientData.origin !== site.origin",
      },
      {
        of: "— (passkeys)",
        says: "a passkey that was shown at another origin is not called so",
        find: "clientData.origin !== site.origin || clientData.crossOrigin === true",
        replace: "clientData.crossOrigin === true",
      },
      {
        of: "— (passkeys)",
        says: "a passkey for another site is not called so",
        find: '!createHash("sha256").update(site.id).digest().equals(parsed.rpIdHash)',
        replace: "parsed.rpIdHash.length !== 32",
      },
      {
        of: "— (passkeys)",
        says: "an authenticator that did not ask for its person is enough",
        find: "parsed.flags.up && parsed.flags.uv",
        replace: "parsed.flags.up || parsed.flags.uv",
      },
      {
        of: "— (passkeys)",
        says: "another person's passkey is the second factor",
        find: 'if (userId !== null && userId !== passkey.userId) return { ok: false, problem: "wrong_person" };',
        replace: "",
      },
      {
        of: "— (passkeys)",
        says: "nobody looks whom the authenticator names",
        find: 'if (handle !== userHandleOf(passkey.userId)) return { ok: false, problem: "wrong_person" };',
        replace: "if (handle === undefined) throw new Error();",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/sign-in/passkey.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "a copy of an authenticator signs in beside it",
        find: "lt(passkeys.counter, counter)",
        replace: "lt(passkeys.counter, counter + 1)",
      },
      {
        of: "— (passkeys)",
        says: "an authenticator that does not count signs in once",
        find: "or(lt(passkeys.counter, counter), and(eq(passkeys.counter, 0), sql`${counter}::bigint = 0`))",
        replace: "lt(passkeys.counter, counter)",
      },
      {
        of: "— (passkeys)",
        says: "a second factor is shown in another browser than the password",
        find: "challenge.sessionId !== null && (pending?.sessionId !== challenge.sessionId || pending.userId !== userId)",
        replace: "challenge.sessionId !== null && pending !== null && pending.userId !== userId",
      },
      {
        of: "TM-2",
        says: "passkeys are tried without a limit",
        find: 'await takeTry(attempt, limits.signInByAddress, attempt.ip ?? "unknown");',
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/relying-party.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "passkeys are made for a bare address, where no browser takes them",
        find: 'isIP(hostname) !== 0 || hostname.startsWith("[")',
        replace: 'hostname === ""',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/re-authentication.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "a sign-in of long ago is recent",
        find: "recentSeconds * 1_000)) {",
        replace: "recentSeconds * 1_000_000)) {",
      },
      {
        of: "TM-38, TM-39",
        says: "changes of factors are not counted by address",
        find: 'await take(runtime, limits.managementByAddress, ip ?? "unknown");',
        replace: "await Promise.resolve([take, runtime, limits, ip]);",
      },
      {
        of: "TM-21, AM-13",
        says: "whoever found a session open guesses the password without end",
        find: "const failure = await take(runtime, proofFailuresByAccount, userId);",
        replace: "const failure = { forgive: async () => {} };",
      },
      {
        of: "TM-21",
        says: "a wrong password is as good as none after a recent sign-in",
        find: 'throw new Forbidden("wrong_password", "This is not your password.");',
        replace: "return false;",
      },
      {
        of: "TM-21, DK-15",
        says: "a protection is taken away without a proof",
        find: 'throw new Forbidden("proof_required", "Send your password or a code with this.");',
        replace: "return;",
      },
      {
        of: "TM-21",
        says: "a password alone shows what only a whole session may see",
        find: 'if (requireSession(principal).pending === "second_factor") {',
        replace: 'if (requireSession(principal).pending === "password") {',
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/change-password.ts",
    [ownSessions],
    [
      {
        of: "TM-7",
        says: "other browsers stay signed in after a change of the password",
        find: "const endedSessions = await endSessionsOf(tx, userId, principal.sessionId);",
        replace: "const endedSessions = [endSessionsOf].length;",
      },
      {
        of: "TM-38",
        says: "a password is changed without the present one",
        find: "if (await hasPassword(asking)) await requireProof(asking, { password });",
        replace: "if (await hasPassword(asking)) await requireRecent(asking, { password });",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/renew-token.ts",
    [ownSessions],
    [
      {
        of: "TM-7",
        says: "a copied cookie goes on after a change of the password",
        find: ".set({ hash })",
        replace: ".set({ hash: sessions.hash })",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/revoke-session.ts",
    [ownSessions],
    [
      {
        of: "TM-7, AUD",
        says: "that a browser was signed out is not in the log",
        find: 'audit("auth.sessions.revoke", { kind: "session", id: sessionId });',
        replace: "void audit;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/list-sessions.ts",
    [ownSessions],
    [
      {
        of: "TM-6",
        says: "sessions that nobody can use any more are listed",
        find: "aheadInSql(idleEnd, now)",
        replace: "sql`${idleEnd} is not null`",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/set-active-organization.ts",
    [ownSessions],
    [
      {
        of: "DK-15",
        says: "every browser of a person changes the organization with one of them",
        find: ".where(eq(sessions.sessionId, principal.sessionId))",
        replace: ".where(eq(sessions.userId, principal.userId))",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/get-session.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "whoever knows the password alone sees the organizations of its person",
        find: 'principal.kind !== "session" || principal.pending === "second_factor"',
        replace: 'principal.kind !== "session"',
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/sign-in-by-link.ts",
    [links],
    [
      {
        of: "TM-23",
        says: "sessions from before the link go on",
        find: "const endedSessions = await endSessionsOf(tx, userId);",
        replace: "const endedSessions = [endSessionsOf].length;",
      },
      {
        of: "TM-23, AM-5",
        says: "whoever a stranger has locked out stays so after the link",
        find: "await unlockAccount(tx, userId, now);",
        replace: "void unlockAccount;",
      },
      {
        of: "TM-23, TM-21",
        says: "a link stands in for the second factor",
        find: '(await hasSecondFactor(tx, userId)) ? "second_factor" : "full"',
        replace: '(await hasSecondFactor(tx, userId)) ? "full" : "full"',
      },
      {
        of: "TM-2, AM-28",
        says: "links are guessed at without a limit",
        find: 'await takeTry(attempt, limits.signInByAddress, ip ?? "unknown");',
        replace: "void [takeTry, limits, ip];",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/look-at-link.ts",
    [links],
    [
      {
        of: "TM-23",
        says: "a link that was used tells whose it was",
        find: 'email: state === "good" ? (link?.person?.email ?? null) : null',
        replace: "email: link?.person?.email ?? null",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/set-up-by-link.ts",
    [links],
    [
      {
        of: "AM-28, TM-1",
        says: "the first operator chooses any password",
        find: "await requireGoodPassword(password, email);",
        replace: "void requireGoodPassword;",
      },
      {
        of: "AM-28",
        says: "a set-up link works after the command line has set up",
        find: "await requireEmpty(tx);",
        replace: "void requireEmpty;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/totp/confirm-totp.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "the code that confirmed an authenticator signs in as well",
        find: ".set({ confirmedAt: now, lastStep: step })",
        replace: ".set({ confirmedAt: now })",
      },
      {
        of: "TM-21",
        says: "a secret that was begun long ago is confirmed",
        find: "!isRecent(row.createdAt, now, confirmableSeconds * 1_000)",
        replace: "!isRecent(row.createdAt, now, confirmableSeconds * 1_000_000)",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/totp/enrol-totp.ts",
    [totp],
    [
      {
        of: "TM-21",
        says: "an authenticator that counts is replaced by another",
        find: "if ((await secondFactorsOf(tx, userId)).totp) {",
        replace: "if (!(await secondFactorsOf(tx, userId))) {",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/passkeys/enrol-passkey.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "a passkey is enrolled for whoever asked for its challenge somewhere else",
        find: "challenge.userId !== object.userId || challenge.sessionId !== sessionId",
        replace: "challenge.userId === null && sessionId === null",
      },
      {
        of: "— (passkeys)",
        says: "a person has one passkey more than there may be",
        find: ">= most",
        replace: "> most",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/passkeys/challenge-passkey.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "challenges are asked for without a limit",
        find: 'await take(runtime, challengesByAddress, ip ?? "unknown");',
        replace: "void [take, challengesByAddress, ip];",
      },
    ],
  ),
  ...breaksOf(
    "src/features/account/passkeys/remove-passkey.ts",
    [passkeys],
    [
      {
        of: "— (passkeys)",
        says: "a passkey is removed by whoever finds an old session",
        find: "(asking) => requireRecent(asking, input)",
        replace: "async (asking) => void [requireRecent, asking, input]",
      },
    ],
  ),
  ...breaksOf(
    "src/main/host/reset-password.ts",
    [operators],
    [
      {
        of: "TM-23, PO-27, AM-5",
        says: "the lost password is good after the reset",
        find: "set: row });",
        replace: "set: { mustChange: true, changedAt: now } });",
      },
      {
        of: "TM-23",
        says: "no change is forced by a reset",
        find: "mustChange: true",
        replace: "mustChange: false",
      },
      {
        of: "PO-27",
        says: "whoever has a session stays signed in after the reset",
        find: "const endedSessions = await endSessionsOf(tx, userId);",
        replace: "const endedSessions = [endSessionsOf].length;",
      },
      {
        of: "TM-23, AUD",
        says: "a reset is not in the log",
        find: "const { endedSessions } = reset;\n    work.audit(",
        replace: "const { endedSessions } = reset;\n    const forget = (..._: unknown[]) => undefined;\n    forget(",
      },
    ],
  ),
  ...breaksOf(
    "src/main/host/reset-second-factor.ts",
    [operators],
    [
      {
        of: "TM-23",
        says: "recovery codes outlive the reset of the second factor",
        find: "tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)).returning()",
        replace: "tx.select().from(recoveryCodes).where(eq(recoveryCodes.userId, userId))",
      },
      {
        of: "TM-23",
        says: "passkeys outlive the reset of the second factor",
        find: "tx.delete(passkeys).where(eq(passkeys.userId, userId)).returning()",
        replace: "tx.select().from(passkeys).where(eq(passkeys.userId, userId))",
      },
    ],
  ),
  ...breaksOf(
    "src/access/host-work.ts",
    ["tests/main/host/host-commands.db.test.ts"],
    [
      {
        of: "AUD",
        says: "a command of the host leaves nothing in the log",
        find: "if (entries.length > 0) await tx.insert(auditEntries).values(entries);",
        replace: "void entries;",
      },
      {
        of: "AUD",
        says: "a refused command of the host leaves nothing in the log",
        find: "if (error instanceof Refusal) {",
        replace: 'if (error instanceof Refusal && error.reason === "") {',
      },
    ],
  ),
  ...breaksOf(
    "src/features/organizations/require-empty.ts",
    ["tests/main/host/host-commands.db.test.ts"],
    [
      {
        of: "AM-28",
        says: "two first set-ups at once both go through",
        find: "await tx.execute(sql`select pg_advisory_xact_lock(${setUpLock}::bigint)`);",
        replace: "void [sql, setUpLock];",
        database: "postgres",
      },
    ],
  ),
  ...breaksOf(
    "src/main/host/rotate-secrets.ts",
    ["tests/main/host/rotate-secrets.db.test.ts"],
    [
      {
        of: "PO-9",
        says: "a rotation seals with a secret that no control plane has",
        find: "  await requireInForce(runtime, fingerprint);",
        replace: "  void fingerprint;",
      },
      {
        of: "PO-9",
        says: "a rotation writes over what somebody changed meanwhile",
        find: "where t.${id} = n.id and t.${value} = n.was returning n.id",
        replace: "where t.${id} = n.id returning n.id",
        database: "postgres",
      },
      {
        of: "PO-9",
        says: "the first hundred of a table are sealed anew and the rest is left",
        find: "next: rows.length === atOnce ? (rows.at(-1)?.id ?? null) : null",
        replace: "next: null",
      },
      {
        of: "PO-9, AUD",
        says: "what no secret opens is not said",
        find: "unreadable += batch.unreadable;",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/main/host/ensure-installation.ts",
    ["tests/main/host/host-commands.db.test.ts"],
    [
      {
        of: "TM-5, PO-9",
        says: "a control plane starts with a secret that opens nothing of its database",
        find: "    if (!fingerprints.includes(row.secretFingerprint)) throw new AnotherSecret();\n    if (row",
        replace: "    if (row",
      },
      {
        of: "PO-9",
        says: "the database keeps to its former secret",
        find: "if (row.secretFingerprint !== present) await tx.update(installation).set({ secretFingerprint: present });",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/database/sealing.ts",
    ["tests/database/sealing.test.ts"],
    [
      {
        of: "TM-22, DK-1",
        says: "a sealed value opens wherever it is moved to",
        find: 'return Buffer.from(place, "utf8");',
        replace: 'return Buffer.from(place.slice(0, 0), "utf8");',
      },
      {
        of: "PO-9",
        says: "new values are sealed with the oldest secret",
        find: 'const currentKey = derive(secrets[0], "seal", 32);',
        replace: 'const currentKey = derive(secrets.at(-1) ?? secrets[0], "seal", 32);',
      },
      {
        of: "TM-22",
        says: "a nonce is used again and again",
        find: "const nonce = Buffer.from(random(nonceBytes));",
        replace: "const nonce = Buffer.alloc(random(nonceBytes).length);",
      },
      {
        of: "PO-9",
        says: "what the database remembers of the secret is the key itself",
        find: 'derive(secret, "fingerprint", 32)',
        replace: 'derive(secret, "seal", 32)',
      },
    ],
  ),
  ...breaksOf(
    "src/database/signing.ts",
    ["tests/database/signing.test.ts"],
    [
      {
        of: "TM-5",
        says: "a rotation makes everything worthless that was signed before",
        find: "return keysOf(use).some((key) => timingSafeEqual(hmac(key, text), given));",
        replace: "return timingSafeEqual(hmac(keysOf(use)[0], text), given);",
      },
      {
        of: "TM-5, TM-33",
        says: "a signature for one use is good for every other",
        find: "`sign ${use}`",
        replace: "`sign ${use.slice(0, 0)}`",
      },
      {
        of: "TM-5",
        says: "a signature is good in other spellings",
        find: 'if (given.length !== 32 || given.toString("base64url") !== signature) return false;',
        replace: "if (given.length !== 32) return false;",
      },
    ],
  ),
  ...breaksOf(
    "src/main/settings/secret-strength.ts",
    ["tests/main/settings/secret-strength.test.ts"],
    [
      {
        of: "PO-6",
        says: "a secret of 31 bytes is enough",
        find: "if (secret.length < 32)",
        replace: "if (secret.length < 31)",
      },
      { of: "PO-6", says: "a secret that counts up is taken", find: " || countsUp(secret)", replace: "" },
      { of: "PO-6", says: "a secret of few different bytes is taken", find: " || poor(secret)", replace: "" },
      { of: "PO-6", says: "an example's secret is taken", find: "isExample(trimmed) || ", replace: "" },
      { of: "PO-6", says: "readable text is taken", find: " || isReadable(checked.secret)", replace: "" },
      { of: "PO-6", says: "a passphrase is taken", find: "isOfFewKinds(text.trim()) || ", replace: "" },
      {
        of: "PO-6",
        says: "the refusal does not say how to make a good one",
        find: 'const howTo = "make one with: openssl rand -hex 32";',
        replace: 'const howTo = "choose another";',
      },
    ],
  ),
];
