import { type Break, breaksOf } from "../break";

/** What the verbs must not lose. */
export const serviceBreaks: readonly Break[] = [
  ...breaksOf(
    "src/features/keys/create.ts",
    ["tests/features/keys/keys.db.test.ts"],
    [
      {
        of: "PO-23",
        says: "a key can be made for more than its maker may",
        find: "if (!canGive(principal, organization, wanted, projectId)) {",
        replace: "if (wanted.length === 0) {",
      },
      {
        of: "PO-23",
        says: "whoever makes keys makes a service account's too",
        find: "if (input.serviceAccountId !== undefined) requireAccountRight(work);",
        replace: "void requireAccountRight;",
        tests: ["tests/features/service-accounts/service-accounts.db.test.ts"],
      },
      {
        of: "PO-23",
        says: "a service account's key has more words than the account, if they have one in common",
        find: "!wanted.every((permission) => holds(account, permission))",
        replace: "!wanted.some((permission) => holds(account, permission))",
        tests: ["tests/features/service-accounts/service-accounts.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/present-key.ts",
    ["tests/features/keys/own-keys.db.test.ts"],
    [
      {
        of: "TM-24",
        says: "a key has no name of its own",
        find: "...row,\n    createdAt:",
        replace: "...row,\n    name: row.apiKeyId,\n    createdAt:",
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/lock-holder.ts",
    ["tests/features/keys/own-keys.db.test.ts"],
    [
      {
        of: "TM-26",
        says: "somebody has one key more than the organization allows",
        find: "if ((row?.live ?? 0) >= atMost) {",
        replace: "if ((row?.live ?? 0) > atMost) {",
      },
      {
        of: "TM-26",
        says: "a key that was rotated counts until it has expired",
        find: "        isNull(apiKeys.rotatedTo),\n",
        replace: "",
      },
      {
        of: "TM-26",
        says: "keys that are asked for at once are not counted",
        find: 'eq(members.organizationId, organizationId)))\n      .for("no key update");',
        replace: "eq(members.organizationId, organizationId)));",
        database: "postgres",
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/key-life.ts",
    ["tests/features/keys/key-limits.db.test.ts"],
    [
      {
        of: "PO-24",
        says: "a key of which nothing is said outlives what the organization allows",
        find: "return earlier(latest, later(now, defaultLifeMs));",
        replace: "return later(now, defaultLifeMs);",
      },
      {
        of: "PO-24",
        says: "a key that has ended already is made",
        find: "if (isReached(end, now)) {",
        replace: "if (isReached(end, new Date(0))) {",
        tests: ["tests/features/keys/keys.db.test.ts"],
      },
      {
        of: "PO-25",
        says: "rotation makes a key live longer than the organization allows",
        find: "return earlier(latestEnd(now, maxKeyDays), later(now, remainingMs(expiresAt, createdAt)));",
        replace: "return later(now, remainingMs(expiresAt, createdAt));",
        tests: ["tests/features/keys/rotate-key.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/limits-of-maker.ts",
    ["tests/features/keys/scopes.db.test.ts"],
    [
      {
        of: "PO-23",
        says: "a key makes one that can be used from a wider network than itself",
        find: "!areWithin(allowedIps, own.allowedIps)",
        replace: "!areWithin(own.allowedIps, allowedIps)",
      },
      {
        of: "PO-23",
        says: "a key that is made without networks can be used from everywhere, though its maker cannot",
        find: "allowedIps: asked.allowedIps ?? maker.allowedIps,",
        replace: "allowedIps: asked.allowedIps ?? null,",
      },
      {
        of: "PO-24",
        says: "a key outlives the one that made it",
        find: "latest: maker.expiresAt === null ? latest : earlier(latest, maker.expiresAt),",
        replace: "latest,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/list.ts",
    ["tests/features/keys/own-keys.db.test.ts"],
    [
      {
        of: "TM-24",
        says: "everybody who lists keys sees everybody's",
        find: "seesAll ? undefined : ownKeys(principal),",
        replace: "seesAll ? undefined : ownKeys({ ...principal, kind: 'commandLine' } as Principal),",
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/require-reach.ts",
    ["tests/features/keys/own-keys.db.test.ts"],
    [
      {
        of: "TM-28",
        says: "an admin revokes an owner's key",
        find: "if (isAbove) throw new Forbidden(",
        replace: "if (isAbove && ofHolder.size > own.size) throw new Forbidden(",
      },
      {
        of: "TM-28",
        says: "an admin does not revoke a key of somebody's who has no more than an admin now",
        find: "reachOf(object)",
        replace:
          'reachOf({ ...object, holder: { organization: { role: "owner", permissions: null }, project: null } })',
      },
      {
        of: "TM-28",
        says: "what a key's holder has at a project does not count when others revoke it",
        find: "[...ofHolder].some(",
        replace: "[...ofHolder].slice(0, 0).some(",
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/revoke.ts",
    ["tests/features/keys/keys.db.test.ts"],
    [
      {
        of: "TM-28",
        says: "one key's revocation revokes all of the organization's",
        find: ".where(eq(apiKeys.apiKeyId, apiKeyId))",
        replace: ".where(eq(apiKeys.organizationId, work.organizationId))",
        tests: ["tests/features/keys/own-keys.db.test.ts"],
      },
      {
        of: "TM-28",
        says: "a key that is revoked again says that it was good until then",
        find: "sql`coalesce(",
        replace: "sql`greatest(",
      },
      {
        of: "DK-22",
        says: "a revocation is not in the log",
        find: 'work.audit("keys.revoke", { kind: "apiKey", id: apiKeyId }, { name });',
        replace: "void name;",
        tests: ["tests/features/keys/keys.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/rotate.ts",
    ["tests/features/keys/rotate-key.db.test.ts"],
    [
      {
        of: "PO-25",
        says: "an admin gets a key that acts as a colleague, by rotating theirs",
        find: 'if (userId !== null) throw new Forbidden("not_your_key", "Only whoever a key belongs to can rotate it.");',
        replace: "void userId;",
      },
      {
        of: "PO-25",
        says: "a key is rotated again and again",
        find: "if (old.rotatedTo !== null)",
        replace: "if (old.rotatedTo === old.apiKeyId)",
      },
      {
        of: "PO-25",
        says: "the key that takes another one's place can be used from everywhere",
        find: "lastUsedIp: null,\n      };",
        replace: "lastUsedIp: null,\n        allowedIps: null,\n      };",
      },
      {
        of: "PO-25",
        says: "the old key goes on as long as it was to",
        find: "const expiresAt = old.expiresAt === null ? overlapEnd : earlier(old.expiresAt, overlapEnd);",
        replace: "const expiresAt = old.expiresAt ?? overlapEnd;",
      },
      {
        of: "PO-25",
        says: "a key that is for more than its holder may now is rotated",
        find: "if (!canGive(principal, organization, worthOf(grant, projectId), projectId)) {",
        replace: "if (worthOf(grant, projectId).length === 0 && canGive(principal, organization, [], projectId)) {",
      },
      {
        of: "TM-30",
        says: "rotations are not counted among the keys that are made from an address",
        find: "preparedUnitOfWork(authorized, takeKeyCreation,",
        replace: "preparedUnitOfWork(authorized, async () => void takeKeyCreation,",
        tests: ["tests/features/keys/key-limits.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/take-key-creation.ts",
    ["tests/features/keys/key-limits.db.test.ts"],
    [
      {
        of: "TM-30",
        says: "keys that are made by keys are not counted",
        find: 'principal.kind === "commandLine") return;',
        replace: 'principal.kind !== "session") return;',
      },
    ],
  ),
  ...breaksOf(
    "src/features/keys/update.ts",
    ["tests/features/keys/scopes.db.test.ts"],
    [
      {
        of: "PO-23",
        says: "a key is bound to what is no network, and then good for nobody",
        find: "requireNetworks(input.allowedIps);",
        replace: "",
      },
      {
        of: "TM-28",
        says: "an admin widens an owner's key",
        find: "await requireReach(work);",
        replace: "",
        tests: ["tests/features/keys/own-keys.db.test.ts"],
      },
      {
        of: "PO-23",
        says: "a key gives itself wider limits",
        find: "await requireWithinOwn(work.tx, work.authorized.principal, input);",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/access/resolve-grant.ts",
    ["tests/features/keys/scopes.db.test.ts"],
    [
      {
        of: "PO-23",
        says: "a key is made for what is about a person's own account",
        find: '!isPermission(word) || placeOf(word) === "person"',
        replace: "!isPermission(word)",
      },
    ],
  ),
  ...breaksOf(
    "src/features/service-accounts/update.ts",
    ["tests/features/service-accounts/service-accounts.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin changes a service account that can do more than they",
        find: "requireAccountReach(work.authorized, was.grant);",
        replace: "",
      },
      {
        of: "DK-15",
        says: "an admin makes a service account an owner",
        find: "requireAccountReach(work.authorized, is.grant);",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/features/service-accounts/delete.ts",
    ["tests/features/service-accounts/service-accounts.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin removes a service account that can do more than they",
        find: "requireAccountReach(work.authorized, grant);",
        replace: "void grant;",
      },
    ],
  ),
  ...breaksOf(
    "src/access/privilege-guards.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "who holds more at a project is changed by who does not",
        find: "[...(theirs?.projects ?? [])].some(([projectId, grant]) => !canGiveAt(projectId, grant));",
        replace: "theirs === null;",
      },
      {
        of: "ROLE",
        says: "what the caller has at a project does not count when they give it there",
        find: "canGive(atProject(principal, own.get(projectId) ?? null), organization,",
        replace: "canGive(atProject(principal, own.get(organization.organizationId) ?? null), organization,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/members/delete.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin removes an owner",
        find: "await requireNotAbove(work);",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/features/members/remove-member.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "PO-22",
        says: "the membership, keys and sessions of who is removed go on",
        find: "sql`select portcullis_end_membership(${organizationId}::text, ${memberId}::text, ${now.toISOString()}::timestamptz) as revoked`",
        replace: "sql`select length(${organizationId + memberId + now.toISOString()}::text) as revoked`",
      },
      {
        of: "ROLE",
        says: "the last owner is removed",
        find: "await requireNotLastOwner(tx, organizationId, memberId);",
        replace: "void requireNotLastOwner;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/members/update.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin makes somebody an owner",
        find: "requireGivable(work, grant);",
        replace: "void grant;",
      },
      {
        of: "ROLE",
        says: "the last owner becomes a viewer",
        find: 'if (columns.role !== "owner") await requireNotLastOwner',
        replace: "if (columns.role === null) await requireNotLastOwner",
      },
      {
        of: "AUD",
        says: "the entry of a new role does not say which one it was before",
        find: "{ role: [role, columns.role], roleId: [roleId, columns.roleId] },",
        replace: "{ role: [columns.role, columns.role], roleId: [columns.roleId, columns.roleId] },",
      },
    ],
  ),
  ...breaksOf(
    "src/features/members/set-project-role.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "a project's role is given by who does not have it",
        find: "giver.requireGivableAt(projectId, grant);",
        replace: "void giver;",
      },
      {
        of: "DK-11",
        says: "a role at a project is taken away at every project",
        find: "await tx.delete(projectRoles).where(its);",
        replace: "await tx.delete(projectRoles).where(eq(projectRoles.memberId, memberId));",
      },
    ],
  ),
  ...breaksOf(
    "src/features/members/present-members.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "ROLE",
        says: "a list of members shows everybody's roles at projects with each",
        find: ".filter(({ memberId }) => memberId === row.memberId)",
        replace: ".filter(({ memberId }) => ids.includes(memberId))",
      },
    ],
  ),
  ...breaksOf(
    "src/features/roles/update.ts",
    ["tests/features/roles/roles.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "a role is changed by who does not have all that it gave",
        find: "requireGivable(work, { role: null, permissions: before.permissions });",
        replace: "",
      },
      {
        of: "DK-15",
        says: "somebody gains by changing the role that they have",
        find: "requireGivable(work, { role: null, permissions });",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/features/roles/role-words.ts",
    ["tests/features/roles/roles.db.test.ts"],
    [
      {
        of: "DK-11",
        says: "words that no table has are left out of a role without a word",
        find: "if (known.length === wanted.size) return known;",
        replace: "if (known.length > 0) return known;",
      },
      {
        of: "PO-21",
        says: "a role of one's own is called Viewer and taken for the built-in one",
        find: "isRole(name.toLowerCase())",
        replace: "isRole(name)",
      },
    ],
  ),
  ...breaksOf(
    "src/features/invitations/create.ts",
    ["tests/features/invitations/invitations.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin invites an owner",
        find: "requireGivable(work, grant);",
        replace: "void grant;",
      },
      {
        of: "PO-19",
        says: "an invitation that has expired keeps its address from being invited again",
        find: "aheadInSql(invitations.expiresAt, now)",
        replace: "aheadInSql(invitations.expiresAt, new Date(0))",
      },
      {
        of: "PO-19",
        says: "what a service account invited to is good whatever becomes of it",
        find: 'return principal.userId ?? (principal.kind === "apiKey" ? principal.serviceAccountId : null);',
        replace: "return principal.userId;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/invitations/delete.ts",
    ["tests/features/invitations/invitations.db.test.ts"],
    [
      {
        of: "DK-15",
        says: "an admin takes an owner's invitation of an owner back",
        find: "requireGivable(work, grant);",
        replace: "void grant;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/invitations/accept.ts",
    ["tests/identity/invitation.db.test.ts"],
    [
      {
        of: "PO-19",
        says: "anybody who is signed in accepts what was for another address",
        find: "if (invitation.email !== person.email) {",
        replace: 'if (person.email === "") {',
      },
    ],
  ),
  ...breaksOf(
    "src/features/invitations/look.ts",
    ["tests/features/invitations/invitations.db.test.ts"],
    [
      {
        of: "PO-19",
        says: "a link that is worth nothing any more tells whose it was",
        find: ": { state: problem, organization, email: null };",
        replace: ": { state: problem, organization, email: found.email };",
      },
    ],
  ),
  ...breaksOf(
    "src/features/audit-log/entry-filter.ts",
    ["tests/features/audit-log/export.db.test.ts"],
    [
      {
        of: "AUD",
        says: "the root organization's log has the installation's entries among its own",
        find: "eq(auditEntries.organizationId, organizationId),",
        replace: "organizationId === null ? undefined : undefined,",
        tests: ["tests/features/audit-log/installation-log.db.test.ts"],
      },
      {
        of: "AUD",
        says: "a filter by actor shows everybody's entries",
        find: "actorId === undefined ? undefined : eq(auditEntries.actorId, actorId),",
        replace: "actorId === undefined ? undefined : undefined,",
      },
      {
        of: "AUD",
        says: "a filter until a moment shows what came after it",
        find: "lt(auditEntries.createdAt, readMoment(to))",
        replace: "gte(auditEntries.createdAt, new Date(0))",
        tests: ["tests/features/audit-log/audit.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/audit-log/export.ts",
    ["tests/features/audit-log/export.db.test.ts"],
    [
      {
        of: "AUD",
        says: "an export goes on when the key is revoked in the middle of what is sealed",
        find: "await authorized.afresh();\n    const page = await sealedAfter",
        replace: "const page = await sealedAfter",
      },
      {
        of: "AUD",
        says: "an entry that is sealed while an export goes on is not in it",
        find: "or(isNull(auditEntries.sequence), gt(auditEntries.sequence, sequence)),",
        replace: "or(isNull(auditEntries.sequence)),",
      },
    ],
  ),
  ...breaksOf(
    "src/features/audit-log/verify.ts",
    ["tests/features/audit-log/verify.db.test.ts"],
    [
      {
        of: "AUD",
        says: "a checkpoint of another log is held against this one",
        find: "if (!isOurs || checkpoint.organizationId !== log.organizationId) {",
        replace: "if (!isOurs) {",
      },
    ],
  ),
  ...breaksOf(
    "src/features/audit-log/verify-log.ts",
    ["tests/features/audit-log/verify.db.test.ts"],
    [
      {
        of: "AUD",
        says: "a log is intact however long its entries wait to be sealed",
        find: "const firstBroken = brokenThere ?? unsealedAfter(position, waiting);",
        replace: "const firstBroken = brokenThere;",
      },
      {
        of: "AUD",
        says: "an entry of the future that is not sealed is no problem",
        find: "aheadInSql(sql`(${createdAt} - ${sealedWithin})`, now),",
        replace: "",
      },
      {
        of: "AUD",
        says: "a checkpoint that was kept elsewhere is not looked at",
        find: "kept ? [...statements.checkpoints, kept] : statements.checkpoints;",
        replace: "statements.checkpoints;",
      },
      {
        of: "AUD",
        says: "a statement in the database that nobody here signed is believed",
        find: 'if (!signer.verify("checkpoint", text, signature)) continue;',
        replace: "void text;",
        tests: ["tests/audit/audit-retention.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/organizations/update.ts",
    ["tests/features/organizations/organizations.db.test.ts"],
    [
      {
        of: "DK-19",
        says: "what neverPublic closes does not go before what opens",
        find: "work.deliver({ gatewayId, applicationId, closes: true });",
        replace: "work.deliver({ gatewayId, applicationId, closes: false });",
      },
      {
        of: "DK-19",
        says: "what was opened beside neverPublic stays open",
        find: "if (given.neverPublic === true) closed.push(...(await closeEmpty(work)));",
        replace: "",
        database: "postgres",
      },
    ],
  ),
  ...breaksOf(
    "src/features/organizations/delete.ts",
    ["tests/features/organizations/organizations.db.test.ts"],
    [
      {
        of: "DK-16",
        says: "the claims of an organization that is gone never end",
        find: "await endClaims(work.tx, later(work.now, claimsOutliveMs));",
        replace: "void endClaims;",
      },
      {
        of: "DK-16",
        says: "the organization is deleted through which the installation is managed",
        find: 'if (root) throw new Conflict("root", "The installation is managed through this organization.");',
        replace: "void root;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/credentials/insert-credential.ts",
    ["tests/http/security.db.test.ts"],
    [
      {
        of: "DK-1",
        says: "a hash is sealed for another place than its own row",
        find: "sealer.seal(`security:hash:",
        replace: "sealer.seal(`security:password:",
      },
      {
        of: "DK-19",
        says: "what opened an application opens it again when its credentials have expired",
        find: "if (application.openedBy !== null) {",
        replace: "if (application.openedBy === undefined) {",
        tests: ["tests/features/applications/access.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/credentials/delete.ts",
    ["tests/features/applications/access.db.test.ts"],
    [
      {
        of: "DK-22",
        says: "the log does not tell the deletion that made an application public from any other",
        find: 'becamePublic ? "security.delete.opened" : "security.delete",',
        replace: '"security.delete",',
        tests: ["tests/database/audit.db.test.ts"],
      },
      {
        of: "DK-19",
        says: "the last credential of a protected application is said to have made it public",
        find: 'const becamePublic = last && application.access === "public-when-empty";',
        replace: "const becamePublic = last;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/credentials/visitor-password.ts",
    ["tests/access/unit-of-work.db.test.ts"],
    [
      {
        of: "DK-9",
        says: "a weak password is stored that was judged before the organization took no more of them",
        find: 'if (now.policy === "enforce" && password.warnings.length > 0) throw new PremiseChanged("the password policy");',
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/features/credentials/update.ts",
    ["tests/http/security.db.test.ts"],
    [
      {
        of: "DK-8",
        says: "a username that cannot be used is taken when a credential is renamed",
        find: "if (input.username !== undefined) requireUsername(input.username);",
        replace: "void requireUsername;",
      },
      {
        of: "DK-3",
        says: "a new password does not show when it was changed",
        find: "passwordChangedAt: work.now,",
        replace: "",
      },
    ],
  ),
  ...breaksOf(
    "src/features/credentials/list.ts",
    ["tests/http/security.db.test.ts"],
    [
      {
        of: "DK-6",
        says: "an application's list has the credentials of the whole organization",
        find: "eq(security.applicationId, applicationId),",
        replace: "undefined,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/applications/create.ts",
    ["tests/features/applications/never-public.db.test.ts"],
    [
      {
        of: "DK-19",
        says: "an application is public from its creation where nothing may be",
        find: "if (becamePublic && neverPublic) {",
        replace: "if (becamePublic && neverPublic && input.access !== undefined) {",
      },
      {
        of: "DK-15",
        says: "an application is made on another gateway than the one that is named",
        find: "named === undefined ? allowed[0] : allowed.find((row) => row.gatewayId === named);",
        replace: "allowed[0];",
        tests: ["tests/features/gateways/gateways.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/applications/update.ts",
    ["tests/features/applications/access.db.test.ts"],
    [
      {
        of: "DK-19",
        says: "an application with credentials is opened by a change of its access",
        find: 'before.access !== "public-when-empty" && empty;',
        replace: 'before.access !== "public-when-empty";',
      },
      {
        of: "DK-10",
        says: "the algorithm changes while there are credentials of another one",
        find: "input.hashAlgorithm !== before.hashAlgorithm && !empty) {",
        replace: "input.hashAlgorithm !== before.hashAlgorithm && empty) {",
        tests: ["tests/http/security.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/applications/remove-applications.ts",
    ["tests/features/projects/projects.db.test.ts"],
    [
      {
        of: "DK-20",
        says: "the upstreams of what is gone stay claimed",
        find: "for (const [gatewayId, ofGateway] of keys) await releaseUpstreams(work.tx, gatewayId, [...ofGateway]);",
        replace: "void releaseUpstreams;",
      },
      {
        of: "DK-20",
        says: "of several applications that are removed one has its file removed",
        find: "for (const { applicationId, gatewayId } of gone) work.deliver(",
        replace: "for (const { applicationId, gatewayId } of gone.slice(0, 1)) work.deliver(",
      },
    ],
  ),
  ...breaksOf(
    "src/features/routes/place-route.ts",
    ["tests/features/claims/claim-functions.db.test.ts"],
    [
      {
        of: "DK-16",
        says: "two applications share an upstream under a wildcard and a name of it",
        find: "if (sharing.some((route) => hostsOverlap(route.host, wanted.host))) {",
        replace: "if (hostsOverlap(wanted.host, wanted.host) && sharing.some((route) => route.host === wanted.host)) {",
      },
    ],
  ),
  ...breaksOf(
    "src/features/routes/prepare-route.ts",
    ["tests/features/routes/own-places.db.test.ts"],
    [
      {
        of: "DK-18",
        says: "an organization claims the host of the control plane",
        find: "if (reserved === null) return host;",
        replace: 'if (reserved !== "public_suffix") return host;',
        tests: ["tests/features/routes/reserved-hosts.db.test.ts"],
      },
      {
        of: "DK-18",
        says: "a host that somebody else serves at the gateway is claimed",
        find: "if (gateway.holdsHost || !gateway.tags) return;",
        replace: "if (!gateway.holdsHost || !gateway.tags) return;",
        tests: ["tests/features/routes/reserved-hosts.db.test.ts"],
      },
      {
        of: "DK-18",
        says: "a route leads to its own gateway",
        find: "const forbidden = [...runtime.listensOn, ...gatewayListensOn];",
        replace: "const forbidden = [...runtime.listensOn, ...gatewayListensOn.slice(0, 0)];",
      },
      {
        of: "DK-16",
        says: "a name is left to the gateway's resolver, which a tenant can point anywhere later",
        find: 'organization.upstreams === "checked" && upstream.address === null;',
        replace: 'organization.upstreams !== "checked" && upstream.address === null;',
        tests: ["tests/features/claims/claim-functions.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/features/routes/update.ts",
    ["tests/features/claims/claim-functions.db.test.ts"],
    [
      {
        of: "DK-20",
        says: "the upstream that a route leaves stays claimed",
        find: "await releaseUpstreams(work.tx, gatewayId, before.upstreamKeys);",
        replace: "void releaseUpstreams;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/projects/list.ts",
    ["tests/features/members/members.db.test.ts"],
    [
      {
        of: "DK-11",
        says: "who has a role at one project is listed all of them",
        find: "visible && inArray(projects.projectId, visible),",
        replace: "visible && inArray(projects.projectId, visible) && undefined,",
      },
    ],
  ),
  ...breaksOf(
    "src/features/providers/ensure-trusted-header.ts",
    ["tests/identity/trusted-header.db.test.ts"],
    [
      {
        of: "TM-35",
        says: "sessions of the trusted header outlive its being turned off",
        find: "  if (isOn) return;",
        replace: "  if (!isOn) return;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/providers/require-provider-allowed.ts",
    ["tests/features/providers/providers.db.test.ts"],
    [
      {
        of: "TM-12",
        says: "who may set up providers comes in by one as an owner",
        find: 'if (!canGive(principal, organization, permissionsOf("owner"))) {',
        replace: 'if (!canGive(principal, organization, permissionsOf("viewer"))) {',
      },
      {
        of: "ADR-2",
        says: "an organization that may not reach inside has its provider asked there",
        find: 'if (organization.upstreams !== "any") {',
        replace: 'if (organization.upstreams === "any") {',
      },
    ],
  ),
  ...breaksOf(
    "src/features/providers/update.ts",
    ["tests/features/providers/providers.db.test.ts"],
    [
      {
        of: "TM-12",
        says: "the sessions go on that a provider opened which is turned off",
        find: "const isClosed = isAnother || !row.enabled ||",
        replace: "const isClosed = isAnother ||",
      },
      {
        of: "TM-12",
        says: "another issuer's people are taken for those of the one before",
        find: "if (isAnother) await forgetIdentities(tx, providerId);",
        replace: "void forgetIdentities;",
      },
    ],
  ),
  ...breaksOf(
    "src/features/claims/release.ts",
    ["tests/features/claims/claims.db.test.ts"],
    [
      {
        of: "DK-16",
        says: "the deny of a host that was given back stays",
        find: "if (denyGroup !== null) work.deliver({ gatewayId, denyGroup, closes: false });",
        replace: "void denyGroup;",
      },
    ],
  ),
  ...breaksOf(
    "src/database/page.ts",
    ["tests/features/page.db.test.ts"],
    [
      {
        of: "DK-6",
        says: "a last page that is full has a cursor",
        find: "rows.length > limit && last",
        replace: "rows.length >= limit && last",
      },
    ],
  ),
];
