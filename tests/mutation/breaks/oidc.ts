import { type Break, breaksOf } from "../break";

const gone = "tests/identity/groups-that-are-gone.db.test.ts";
const oidc = "tests/identity/oidc.db.test.ts";
const reading = "tests/identity/oidc-reading.test.ts";
const providers = "tests/features/providers/providers.db.test.ts";

/** What a sign-in by a provider of OpenID Connect must not lose. */
export const oidcBreaks: readonly Break[] = [
  ...breaksOf(
    "src/http/sign-in/oidc-options.ts",
    [oidc],
    [
      {
        of: "TM-16, TM-12..20",
        says: "the code of a sign-in is good without the proof of who began it (PKCE)",
        find: 'checks: ["pkce", "state", "nonce"]',
        replace: 'checks: ["state", "nonce"]',
      },
      {
        of: "TM-12..20",
        says: "a token of another sign-in is good (nonce)",
        find: 'checks: ["pkce", "state", "nonce"]',
        replace: 'checks: ["pkce", "state"]',
      },
      {
        of: "TM-16",
        says: "the cookies of a sign-in stay behind when the browser comes back",
        find: 'sameSite: "lax" } as const',
        replace: 'sameSite: "strict" } as const',
      },
      {
        of: "TM-12..20, AUD",
        says: "the log has one reason for every token that is refused",
        find: "outcome.reason = reasonOf(error);",
        replace: 'outcome.reason = error ? "exchange_failed" : reasonOf(error);',
      },
    ],
  ),
  ...breaksOf(
    "src/http/sign-in/oidc.ts",
    [oidc],
    [
      {
        of: "TM-19",
        says: "sign-ins are begun without a limit",
        find: 'await takeTry(attempt, limits.oidcStartByAddress, ip ?? "unknown");',
        replace: "void [takeTry, limits, ip];",
      },
      {
        of: "TM-16",
        says: "an answer is taken from a browser that did not ask",
        find: "if (foreign !== null) return refused(foreign);",
        replace: "void foreign;",
      },
      {
        of: "TM-16",
        says: "an answer need not name the provider that says it does (mix-up)",
        find: 'if (iss === null && metadata.namesIssuer) return refused("issuer_missing");',
        replace: "",
      },
      {
        of: "TM-16",
        says: "an answer of another issuer is taken (mix-up)",
        find: "query: { code, state, ...(iss === null ? {} : { iss }) },",
        replace: "query: { code, state, ...(iss === null ? {} : { iss: provider.issuer }) },",
      },
      {
        of: "TM-12..20",
        says: "what stands in the address is sent on to the provider",
        find: 'segments: ["signin", provider.slug], query: {}, body',
        replace: 'segments: ["signin", provider.slug], query: Object.fromEntries(request.query), body',
      },
      {
        of: "TM-12..20, AUD",
        says: "the visitor is told why a provider's word was refused",
        find: "return toldAt(attempt, told, false);",
        replace: "return toldAt(attempt, reason as Told, false);",
      },
      {
        of: "AUD",
        says: "a sign-in by a provider that came to nothing is not in the log",
        find: "    await recordProviderRefusal(attempt, provider, reason);\n",
        replace: "",
      },
      {
        of: "TM-5",
        says: "`remember me` is forgotten on the way to the provider",
        find: 'remember: body.remember === "true" });',
        replace: "remember: false });",
      },
      {
        of: "TM-11",
        says: "a strict cookie stays behind after the provider",
        find: 'return runtime.signIn.sameSite === "strict" ? fromOurOwn(response) : response;',
        replace: 'return runtime.signIn.sameSite === "strict" ? response : response;',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/states.ts",
    [oidc],
    [
      {
        of: "TM-16",
        says: "a state is good again and again",
        find: 'if (row.value.spent === true) return { ok: false, reason: "state_replayed" };',
        replace: "",
      },
      {
        of: "TM-16",
        says: "a state never ends",
        find: 'if (hasPassed(row.expiresAt, clock.now())) return { ok: false, reason: "state_expired" };',
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/provider-claims.ts",
    [reading],
    [
      {
        of: "TM-13",
        says: "an address is verified because another answer says so of another one",
        find: "isProven(proof, addressed, email.data)",
        replace: "isProven(proof, { ...userinfo, ...token }, email.data)",
      },
      {
        of: "TM-14",
        says: "groups are read from the usual claim, whichever is named",
        find: "own(token, claim) ?? own(userinfo, claim)",
        replace: "token.groups ?? userinfo.groups ?? own(token, claim)",
      },
      {
        of: "TM-13",
        says: "an address in other letters is another person's",
        find: ".transform((email) => email.toLowerCase());",
        replace: ".transform((email) => email);",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/email-proof.ts",
    ["tests/identity/external/email-proof.test.ts"],
    [
      {
        of: "TM-13",
        says: "an address counts as verified where nobody says anything of it",
        find: 'if (emailProof === "email_verified") return isVerified(claims.email_verified);',
        replace: 'if (emailProof === "email_verified") return true;',
      },
      {
        of: "TM-12, TM-13",
        says: "a domain proves an address that the provider calls unverified",
        find: "denies(claims.email_verified, isVerified) ||",
        replace: "",
      },
      {
        of: "TM-12, TM-13",
        says: "a domain proves addresses of every tenant",
        find: "return isOfOneTenant(issuer) && trustedDomains",
        replace: "return trustedDomains",
      },
      {
        of: "TM-12, TM-13",
        says: "personal accounts of Microsoft are those of one tenant",
        find: "segments[0] !== personalAccounts &&",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/record-refusal.ts",
    ["tests/features/providers/email-proof.db.test.ts"],
    [
      {
        of: "TM-12",
        says: "the administrator of a provider finds no reason there",
        find: "if (!isAboutProvider(reason)) return;",
        replace: "if (reason !== null) return;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/admission.ts",
    [oidc],
    [
      {
        of: "TM-13",
        says: "an address of the list that is not verified comes in",
        find: 'return emailVerified ? null : "email_unverified";',
        replace: 'return emailVerified || email ? null : "email_unverified";',
      },
      {
        of: "TM-13",
        says: "whoever has an address that ends like an allowed domain comes in",
        find: "allowedDomains.includes(domainOf(email))",
        replace: "allowedDomains.some((domain) => email.endsWith(domain))",
      },
      {
        of: "TM-13, TM-14",
        says: "whoever has a group comes in, whichever it is",
        find: "isKnown(groups) && groups.some((group) => allowedGroups.includes(group))",
        replace: "isKnown(groups) && groups.length > 0 && allowedGroups.length > 0",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/find-person.ts",
    [oidc],
    [
      {
        of: "TM-12, TM-13",
        says: "an address that is not verified opens the account of its owner",
        find: 'if (!emailVerified) throw new ProviderRefusal("email_unverified");',
        replace: "void emailVerified;",
      },
      {
        of: "TM-12",
        says: "a provider opens accounts of domains that it is not trusted for",
        find: "if (existing && !provider.trustedDomains.includes(domainOf(email))) {",
        replace: "if (existing && provider.trustedDomains.length === 0 && domainOf(email)) {",
      },
      {
        of: "TM-12",
        says: "whoever a provider names gets an account, though that is off",
        find: "if (!existing && !provider.createsPersons)",
        replace: "if (!existing && provider.createsPersons === null)",
      },
      {
        of: "TM-12",
        says: "one provider's name for somebody is good for every provider",
        find: "and(eq(identities.providerId, providerId), eq(identities.subject, subject))",
        replace: "eq(identities.subject, providerId && subject)",
        tests: [oidc, providers],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/group-roles.ts",
    [oidc],
    [
      {
        of: "TM-14",
        says: "of several groups the one that gives least decides",
        find: "best === null || size > best.size",
        replace: "best === null || size < best.size",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/apply-groups.ts",
    [gone],
    [
      {
        of: "TM-14",
        says: "the last owner loses the role with the group",
        find: "if (given === null && lastOwnerKept) return unchanged;",
        replace: "",
      },
      {
        of: "TM-14",
        says: "a role that was given by hand goes with the group",
        find: "(await isWithin(tx, organizationId, byHand, membership)) ? byHand : membership",
        replace: "membership",
      },
      {
        of: "TM-14",
        says: "a membership outlives the groups that gave it",
        find: "if (target === null) return end(tx, of, membership);",
        replace: "if (target === null) return null;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/end-of-groups.ts",
    [gone],
    [
      {
        of: "TM-13, TM-14",
        says: "sessions outlive the groups that let in",
        find: "await tx.delete(sessions).where(and(eq(sessions.userId, userId), openedBy(source)));",
        replace: "",
      },
      {
        of: "TM-13, TM-14",
        says: "keys outlive the groups that let in",
        find: "portcullis_end_keys_of_provider(${userId}::text,",
        replace: "portcullis_end_keys_of_provider(${userId.slice(1)}::text,",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/follow-trusted-header.ts",
    [gone],
    [
      {
        of: "TM-35",
        says: "a session goes on, whatever groups the header names",
        find: "if (known.get(sessionHash) === text) return;",
        replace: "if (known.get(sessionHash) !== text) return;",
      },
      {
        of: "TM-35",
        says: "the groups of one person count for another one's session",
        find: "person === null || person.email !== said.email",
        replace: "person === null || said.email === null",
      },
    ],
  ),
  ...breaksOf(
    "src/access/last-owner.ts",
    ["tests/features/members/last-owner.db.test.ts"],
    [
      {
        of: "ROLE",
        says: "an owner of another organization is another owner of this one",
        find: 'and(eq(members.organizationId, organizationId), eq(members.role, "owner"))',
        replace: 'eq(members.role, organizationId === "" ? "admin" : "owner")',
      },
      {
        of: "ROLE",
        says: "the last owner counts as another one",
        find: "owners.length === 1 && owners[0]?.memberId === memberId",
        replace: 'owners.length === 0 && memberId !== ""',
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/sign-in-by-provider.ts",
    [oidc],
    [
      {
        of: "TM-13",
        says: "nobody looks at the lists of who may come in",
        find: "if (known === null) throw new ProviderRefusal(refused);",
        replace: "",
      },
      {
        of: "TM-14",
        says: "a member whose groups give no role any more comes in",
        find: 'if (membership && decidedIn !== null) return "no_role_for_groups";',
        replace: "",
      },
      {
        of: "TM-12, PO-19",
        says: "an organization's provider signs in whoever it names, member or not",
        find: 'if (!invitation) throw new ProviderRefusal("not_a_member", known);',
        replace: "if (!invitation) return { organizationId, role: null };",
        tests: [providers],
      },
      {
        of: "TM-12, PO-19",
        says: "an organization's groups make members of another one's people",
        find: 'if (isStranger) throw new ProviderRefusal("not_a_member", known);',
        replace: "void isStranger;",
        tests: [providers],
      },
      {
        of: "AUD",
        says: "the true reason of a refusal is not in the log",
        find: "await recordProviderRefusal(attempt, provider, error.reason, error.person);",
        replace: "void recordProviderRefusal;",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/endpoints.ts",
    [reading],
    [
      {
        of: "ADR-2, ADR-11",
        says: "browsers are sent to the address at which the server asks",
        find: "authorization: moved(endpoints.authorization, internalUrl, issuer)",
        replace: "authorization: moved(endpoints.authorization, issuer, internalUrl)",
      },
      {
        of: "ADR-2, ADR-11",
        says: "the provider's keys are fetched at the public address",
        find: "jwks: inside(endpoints.jwks)",
        replace: "jwks: endpoints.jwks",
      },
      {
        of: "ADR-2, ADR-11",
        says: "the provider is looked for at the public address",
        find: "bare(internalUrl ?? issuer)",
        replace: "bare(issuer ?? internalUrl)",
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/discover.ts",
    [oidc],
    [
      {
        of: "ADR-2, TM-12..20",
        says: "a provider is believed that calls itself something else",
        find: "if (![issuer, internalUrl ?? issuer].some((known) => isSameIssuer(known, document.issuer))) {",
        replace: "if (!document.issuer) {",
      },
      {
        of: "TM-12..20",
        says: "a provider signs its tokens with nothing",
        find: "algorithms.find((one) => offered.includes(one)) : algorithms[0]",
        replace: "offered[0] : algorithms[0]",
        tests: ["tests/identity/oidc-discovery.test.ts"],
      },
      {
        of: "TM-18",
        says: "the server follows a provider's endpoints to wherever they lead",
        find: "if (url !== null) requireReachable(url, reach);",
        replace: "if (url === null) requireReachable(issuer, reach);",
        tests: ["tests/identity/oidc-discovery.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/reachable.ts",
    [reading],
    [
      {
        of: "TM-18",
        says: "an organization's provider may be where a cloud hands out credentials",
        find: 'public: new Set(["metadata", "link-local"',
        replace: 'public: new Set(["link-local"',
      },
      {
        of: "TM-18",
        says: "an organization's provider is asked without TLS",
        find: 'reach === "public" ? ["https:"] : ["https:", "http:"]',
        replace: '["https:", "http:"]',
      },
      {
        of: "TM-18",
        says: "the name of a provider leads into the server's own network",
        find: "for (const address of addresses) requireAllowed(address, reach);",
        replace: "void addresses;",
        tests: [providers],
      },
      {
        of: "TM-18",
        says: "a provider that answers without end fills the memory",
        find: "if (bytes > mostBytes)",
        replace: "if (bytes > 1_000 * mostBytes)",
        tests: [oidc],
      },
    ],
  ),
  ...breaksOf(
    "src/identity/external/provider.ts",
    [oidc],
    [
      {
        of: "TM-15, TM-17",
        says: "a client secret opens in another provider's row",
        find: "`oidc_providers:client_secret_sealed:${providerId}`",
        replace: "`oidc_providers:client_secret_sealed:${providerId.slice(0, 4)}`",
        tests: [providers],
      },
      {
        of: "TM-12",
        says: "a provider that is turned off signs in",
        find: "and(eq(oidcProviders.slug, slug), eq(oidcProviders.enabled, true))",
        replace: "eq(oidcProviders.slug, slug)",
        tests: [providers],
      },
      {
        of: "TM-12",
        says: "the sign-in page shows the providers of every organization",
        find: "organization === null ? undefined : eq(organizations.slug, organization)",
        replace: "organization === null ? eq(organizations.root, false) : eq(organizations.slug, organization)",
        tests: [providers],
      },
      {
        of: "TM-18",
        says: "an organization's provider may be in the server's own network",
        find: 'return upstreams === "any" ? "local" : "public";',
        replace: 'return upstreams === "any" ? "local" : "local";',
        tests: [providers],
      },
    ],
  ),
];
