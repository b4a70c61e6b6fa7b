import { type Break, breaksOf } from "../break";

const crash = ["tests/delivery/crash.db.test.ts"];
const folder = ["tests/delivery/folder.db.test.ts"];
const proof = ["tests/delivery/proof.db.test.ts"];
const restore = ["tests/delivery/restore.db.test.ts"];
const mending = ["tests/delivery/mending.db.test.ts"];
const hosts = ["tests/delivery/hosts.db.test.ts"];
const sealing = ["tests/audit/audit-sealer.db.test.ts"];
const floods = ["tests/database/audit-floods.db.test.ts"];
const sweeping = ["tests/delivery/leader/sweeps.db.test.ts"];
const target = ["tests/delivery/applier/file-target.test.ts"];

/** What the delivery to the gateways and the sealing of the log must not lose. */
export const syncBreaks: readonly Break[] = [
  ...breaksOf("src/delivery/applier/file-target.ts", target, [
    {
      of: "TM-53",
      says: "the marker stands there before what it stands for",
      find: 'await at("staged");\n',
      replace:
        'await at("staged");\n        await files.rename(stagedAs("marker"), places.marker);\n        await files.writeFlushed(stagedAs("marker"), marker.text, fileMode, group);\n',
    },
    {
      of: "DK-5",
      says: "what opens is renamed before what closes",
      find: "const ordered = orderBatch(batch);",
      replace: "const ordered = [...batch];",
    },
    {
      of: "TM-53",
      says: "the first file is renamed before the last one is staged",
      find: "if (file.text !== null) await files.writeFlushed(stagedAs(index), file.text, fileMode, group);",
      replace:
        "if (file.text !== null) await files.writeFlushed(stagedAs(index), file.text, fileMode, group);\n          if (file.text !== null && index === 0) {\n            await files.rename(stagedAs(index), join(places.applications, file.name));\n            await files.writeFlushed(stagedAs(index), file.text, fileMode, group);\n          }",
    },
    {
      of: "TM-53",
      says: "the files' folder is not flushed",
      find: "Promise.all([files.syncFolder(places.applications), files.syncFolder(places.dynamic)]);",
      replace: "files.syncFolder(places.dynamic);",
    },
    {
      of: "TM-53",
      says: "a disk that is full fills up further with every try",
      find: "await inParallel([...staged], flushedAtOnce,",
      replace: "await inParallel([...staged].slice(0, 1), flushedAtOnce,",
    },
    {
      of: "DK-20",
      says: "a leader that was replaced removes files",
      find: "if (file.text === null) return removeInto(files, live, stagedAs(index));",
      replace: "if (file.text === null) return files.removeTree(live);",
    },
    {
      of: "DK-20",
      says: "a file that is gone already keeps everything else from being delivered",
      find: "await files.rename(live, away);\n  } catch (error) {\n    if (!isMissing(error)) throw error;",
      replace: "await files.rename(live, away);\n  } catch (error) {\n    if (isMissing(error)) throw error;",
    },
    {
      of: "DK-5",
      says: "what closes is renamed beside everything else",
      find: "{ from: 0, files: ordered.slice(0, from), width: 1 },",
      replace: "{ from: 0, files: ordered.slice(0, from), width: renamedAtOnce },",
    },
    {
      of: "DK-5",
      says: "a delivery goes on though a revocation came while it was staged",
      find: "await overtaken?.();",
      replace: "",
    },
    {
      of: "TM-53",
      says: "the staging folder of the term before is left to its leader",
      find: "(name) => name !== String(term));",
      replace: "(name) => Number(name) < term - 1);",
      tests: crash,
    },
  ]),
  ...breaksOf("src/delivery/leader/deliver.ts", crash, [
    {
      of: "DK-1",
      says: "what was never written is recorded as delivered",
      find: 'await at("numbered");\n',
      replace:
        'await at("numbered");\n  await recordPlan(leader, [], plan, { ...delivery, gatewayId: lease.gatewayId, term: 0, files, marker: "", probes: [] });\n',
    },
    {
      of: "TM-53",
      says: "files are written into a folder that replaced the gateway's",
      find: "await target.requireClaim();",
      replace: "",
      tests: folder,
    },
    {
      of: "DK-20",
      says: "a removal that is delivered is recorded without its outbox rows",
      find: "await recordPart({ states: last, rows: few, first: beginning === undefined });",
      replace: "await recordPart({ states: last, first: beginning === undefined });",
    },
  ]),
  ...breaksOf("src/delivery/planner/compile-batch.ts", proof, [
    {
      of: "DK-20",
      says: "nobody looks whether a route that is gone is gone",
      find: "probes: probesToAsk(before?.probes ?? [], compiled.probes),",
      replace: "probes: compiled.probes.map((probe) => ({ ...probe })),",
    },
    {
      of: "DK-20",
      says: "nobody looks whether an application that is gone is gone",
      find: "probes: probesToAsk(before?.probes ?? [], []),",
      replace: "probes: [],",
    },
    {
      of: "DK-18",
      says: "in quarantine nothing is kept of what was good before",
      find: 'lastGood: compiled.form === "stated" ? compiled.fingerprints : lastGood,',
      replace: "lastGood: compiled.fingerprints,",
      tests: ["tests/delivery/planner/compile-batch.test.ts"],
    },
    {
      of: "DK-19",
      says: "a public application of a gateway without tags is closed",
      find: "const bare = !gateway.state.tags &&",
      replace: "const bare = gateway.state.tags &&",
      tests: ["tests/delivery/planner/compile-batch.test.ts"],
    },
    {
      of: "DK-18",
      says: "the deny of a host comes after its route",
      find: 'return { name, text: file, digest: fileDigest(file), effect: "closes" };',
      replace: 'return { name, text: file, digest: fileDigest(file), effect: "opens" };',
      tests: ["tests/delivery/planner/compile-batch.test.ts"],
    },
    {
      of: "DK-18",
      says: "one application at which the compiler stumbles keeps all others from being delivered",
      find: "  } catch {\n",
      replace: "  } catch (error) {\n    if (error instanceof TypeError) throw error;\n",
      tests: ["tests/delivery/planner/compile-batch.test.ts"],
    },
  ]),
  ...breaksOf("src/delivery/leader/delivery-failures.ts", folder, [
    {
      of: "DK-5",
      says: "nobody hears that a revocation was not delivered",
      find: "if (work?.backlog.closes) this.#logRevocation(error, work);",
      replace: "",
    },
    {
      of: "TM-53",
      says: "the sync goes on without its folders",
      find: "return !isFolderGone(error);",
      replace: "return true;",
      tests: mending,
    },
    {
      of: "TM-53",
      says: "nobody is told why nothing is delivered",
      find: "await recordCause(database, lease, textOf(cause), clock.now());",
      replace: "",
    },
  ]),
  ...breaksOf("src/delivery/leader/delivery-schedule.ts", folder, [
    {
      of: "TM-53",
      says: "what was found wrong in the folder is forgotten when it cannot be mended at once",
      find: "this.options.repairs.giveBack(mending);",
      replace: "void mending;",
    },
    {
      of: "DK-5",
      says: "a revocation waits until what only opens is delivered",
      find: ": { overtaken: overtaking(leader, mends, this.#lastMarkerAt, loadMs) };",
      replace: ": {};",
      tests: ["tests/delivery/leader/overtaken.db.test.ts"],
    },
    {
      of: "DK-5",
      says: "a revocation waits for as long as the gateway needs for what only opens",
      find: "const closes = repairs.waiting || pending.closes;",
      replace: "const closes = repairs.waiting;",
      tests: proof,
    },
  ]),
  ...breaksOf("src/delivery/planner/record-delivery.ts", proof, [
    {
      of: "DK-3",
      says: "a marker of another digest passes for ours",
      find: "          eq(deliveries.digest, named.digest),\n",
      replace: "",
      tests: ["tests/delivery/planner/record-delivery.db.test.ts"],
    },
    {
      of: "TM-53",
      says: "a number is given twice when the database was put back under a running process",
      find: "if (row.revision <= (numbered.get(lease) ?? 0)) throw new LeaseLost(lease.gatewayId);",
      replace: "",
      tests: restore,
    },
    {
      of: "DK-3",
      says: "what is said of an older delivery is said of the newer one",
      find: "        unproven: null,\n",
      replace: "",
      tests: ["tests/delivery/planner/record-delivery.db.test.ts"],
    },
    {
      of: "DK-1",
      says: "an outbox row that was delivered stays pending",
      find: ".set({ deliveredIn: delivery.revision, deliveredAt: part.now })",
      replace: ".set({ deliveredAt: part.now })",
    },
  ]),
  ...breaksOf("src/delivery/leader/lease.ts", crash, [
    {
      of: "TM-53",
      says: "a leader that was replaced goes on writing",
      find: "    eq(gateways.leaseTerm, lease.term),\n    eq(gateways.leaseHolder, lease.holder),\n",
      replace: "",
    },
    {
      of: "TM-53",
      says: "a lease runs by the clock of whoever takes it",
      find: "return sql`clock_timestamp() + ${ms}::integer * interval '1 millisecond'`;",
      replace: "return sql`${new Date(Date.now() + ms + 3_600_000).toISOString()}::timestamptz`;",
      tests: ["tests/delivery/lease.db.test.ts"],
    },
    {
      of: "TM-53",
      says: "it is not known since when deliveries fail",
      find: "causeSince: sql`coalesce(${gateways.causeSince}, ${now.toISOString()}::timestamptz)`,",
      replace: "causeSince: now,",
      tests: ["tests/delivery/folder.db.test.ts"],
    },
    {
      of: "TM-53",
      says: "a folder that is taken anew leaves the former leader at work",
      find: ".set({ nonce, leaseTerm: sql`${gateways.leaseTerm} + 1`, leaseHolder: null, leaseUntil: null })",
      replace: ".set({ nonce })",
      tests: ["tests/delivery/leader/lease.db.test.ts"],
    },
    {
      of: "DK-3",
      says: "what was seen before a restore is said to be so still",
      find: '.set({ provenRevision: 0, unproven: "new_epoch" })',
      replace: ".set({ unproven: null })",
      tests: ["tests/delivery/leader/lease.db.test.ts"],
    },
    {
      of: "DK-20",
      says: "files of applications that the restored database does not know are left",
      find: "if (begin.adopted.length === 0) return;",
      replace: "if (begin.adopted.length >= 0) return;",
      tests: ["tests/delivery/leader/lease.db.test.ts"],
    },
    {
      of: "TM-53",
      says: "a restored database numbers deliveries that were numbered before",
      find: "revision: sql`greatest(${gateways.revision}, ${begin.atLeastRevision}::integer)`,",
      replace: "",
      tests: ["tests/delivery/leader/lease.db.test.ts"],
    },
  ]),
  ...breaksOf("src/delivery/applier/claim-folder.ts", folder, [
    {
      of: "TM-53",
      says: "the folder of another installation is written to",
      find: "(found.installationId !== installationId || found.gatewayId !== gateway.gatewayId)",
      replace: "(found.installationId !== installationId && found.gatewayId !== gateway.gatewayId)",
    },
    {
      of: "TM-53",
      says: "a copy of the folder on another disk is written to",
      find: "if (found.nonce !== gateway.nonce) {",
      replace: "if (found.gatewayId !== gateway.gatewayId) {",
    },
    {
      of: "TM-53",
      says: "a folder without a claim is written to",
      find: "    if (found === null) {\n      throw new WrongFolder(",
      replace:
        "    if (found === null) return gateway.nonce;\n    if (found === undefined) {\n      throw new WrongFolder(",
    },
  ]),
  ...breaksOf("src/delivery/applier/folder-applier.ts", crash, [
    {
      of: "TM-53",
      says: "the staging folders of older terms are left to their leaders",
      find: "      await fenceOlderTerms(places, term, files);\n",
      replace: "",
    },
  ]),
  ...breaksOf("src/delivery/leader/elect-leader.ts", restore, [
    {
      of: "DK-19",
      says: "a restore makes public what was protected since",
      find: "await closeReopened(row,",
      replace: "if (served === null) await closeReopened(row,",
    },
    {
      of: "DK-19",
      says: "an empty folder makes public what may have been protected",
      find: 'return (await wasEverApplied(database, row.gatewayId)) ? "unclear" : "same";',
      replace: 'return "same";',
    },
    {
      of: "TM-53",
      says: "a folder that is newer than the database passes for the same",
      find: 'return (await findDelivery(database, row.gatewayId, served)) ? "same" : "newer";',
      replace: 'return "same";',
    },
  ]),
  ...breaksOf("src/delivery/leader/close-reopened.ts", restore, [
    {
      of: "DK-19",
      says: "an application of which the folder has no file is opened by a restore",
      find: "if (onDisk === null || onDisk !== publicFile(application, gateway))",
      replace: "if (onDisk !== null && onDisk !== publicFile(application, gateway))",
    },
    {
      of: "DK-19",
      says: "a restore opens another place of an application that is public",
      find: "onDisk !== publicFile(application, gateway))",
      replace: "publicFile(application, gateway) === null)",
    },
  ]),
  ...breaksOf("src/delivery/leader/close-after-restore.ts", restore, [
    {
      of: "AUD",
      says: "what a restore closes is in no log",
      find: "await tx.insert(auditEntries).values(",
      replace: "if (closed.length > 1_000) await tx.insert(auditEntries).values(",
    },
    {
      of: "DK-19",
      says: "what a restore closes is delivered after everything else",
      find: "changeId, gatewayId, closes: true,",
      replace: "changeId, gatewayId, closes: false,",
      tests: ["tests/delivery/leader/lease.db.test.ts"],
    },
  ]),
  ...breaksOf("src/delivery/leader/proofs.ts", proof, [
    {
      of: "DK-3",
      says: "what is not enforced any more is said to be enforced",
      find: 'then seen."revision" else 0 end`',
      replace: `then seen."revision" else \${applicationStates.provenRevision} end\``,
    },
    {
      of: "DK-3",
      says: "an answer about an older delivery proves the newer one",
      find: '            eq(applicationStates.revision, sql`seen."revision"`),\n',
      replace: "",
      tests: ["tests/delivery/leader/proofs.db.test.ts"],
    },
    {
      of: "DK-3",
      says: "a leader that was replaced says what is proven",
      find: "    const [, rows] = await Promise.all([\n      requireLease(tx, lease),\n",
      replace: "    const [, rows] = await Promise.all([\n      null,\n",
      tests: ["tests/delivery/leader/proofs.db.test.ts"],
    },
    {
      of: "DK-20",
      says: "a place that somebody else uses by now is asked again and again",
      find: "then ${withoutGone} else",
      replace: "then ${applicationStates.probes} else",
      tests: ["tests/delivery/leader/proofs.db.test.ts"],
    },
    {
      of: "DK-3",
      says: "a gateway that went back is said to enforce what it did",
      find: '.set({ provenRevision: 0, unproven: "gateway_went_back" })',
      replace: '.set({ unproven: "gateway_went_back" })',
    },
    {
      of: "DK-20",
      says: "the deny of a wildcard answers for nobody below it",
      find: "inArray(claims.value, [host, wildcard])",
      replace: "inArray(claims.value, [host])",
      tests: ["tests/delivery/leader/proofs.db.test.ts"],
    },
  ]),
  ...breaksOf("src/delivery/prober/ask-probes.ts", proof, [
    {
      of: "DK-3",
      says: "of several routes the first one counts",
      find: "why: proof.find(({ proven }) => !proven)?.why ?? null, proof, removed };",
      replace: "why: proof[0]?.why ?? null, proof, removed };",
    },
    {
      of: "DK-3",
      says: "without tags an application is said to be enforced",
      find: 'return { ...asked, why: "tags_are_off", proof: [], removed: [] };',
      replace: "return { ...asked, why: null, proof: [], removed: [] };",
      tests: hosts,
    },
  ]),
  ...breaksOf("src/delivery/leader/judge-removed-routes.ts", proof, [
    {
      of: "DK-20",
      says: "the tag of a deny that names other hosts passes for the present one",
      find: 'return { owner: known.has(tag) ? "route" : "unknown", claimed };',
      replace: 'return { owner: known.has(tag) ? "route" : "deny", claimed };',
    },
  ]),
  ...breaksOf("src/delivery/prober/route-prober.ts", proof, [
    {
      of: "DK-3",
      says: "a gateway that is down for a moment undoes what was seen",
      find: "if (result.why !== null && tellsNothing.has(result.why)) return false;",
      replace: "",
    },
    {
      of: "DK-3",
      says: "what is proven is never asked again",
      find: 'for (const task of page) this.#queue.add(task, "again");',
      replace: "",
    },
    {
      of: "DK-3",
      says: "what is not enforced at the first look is not looked at again",
      find: "else this.#queue.failed(applicationId, revision, this.context.pace.now());",
      replace: "else this.#queue.done(applicationId, revision);",
    },
  ]),
  ...breaksOf("src/delivery/prober/revision-poller.ts", proof, [
    {
      of: "DK-3",
      says: "a delivery that the gateway did not make of ours is loaded",
      find: "if (marker) return marker.delivery.digest === served.digest;",
      replace: "if (marker) return true;",
    },
    {
      of: "DK-3",
      says: "the applications of a silent gateway do not say why they wait",
      find: 'await reports.missing({ why, above: why === "gateway_does_not_answer" ? -1 : (this.loaded ?? -1) });',
      replace: "",
    },
    {
      of: "DK-5",
      says: "a gateway that was down holds back the next revocation for as long",
      find: "if (marker === this.#newest && this.#awayAt < marker.at) {",
      replace: "if (marker === this.#newest) {",
    },
  ]),
  ...breaksOf("src/delivery/leader/prober-reports.ts", proof, [
    {
      of: "DK-3",
      says: "what was delivered before a restart is never proven",
      find: 'if (state.provenRevision < state.revision) ranks.set(state.applicationId, "changed");',
      replace: 'if (state.provenRevision > state.revision) ranks.set(state.applicationId, "changed");',
    },
    {
      of: "DK-3",
      says: "a gateway that went back takes nothing back",
      find: "if (revision < before) await recordWentBack(database, lease, revision);",
      replace: "",
    },
  ]),
  ...breaksOf("src/delivery/leader/compare-all.ts", folder, [
    {
      of: "TM-53",
      says: "a file that somebody altered stays as it is",
      find: "const same = recorded && onDisk.get(fileOf(application.applicationId)) === digest;",
      replace: "const same = recorded;",
    },
    {
      of: "TM-53",
      says: "an older marker that was put back stays",
      find: "if (served === null || served.revision < (applied ?? 0)) mend(",
      replace: "if (served === null) mend(",
      tests: mending,
    },
    {
      of: "DK-20",
      says: "an application that went without a word is never removed",
      find: "if (!removed) mend(() => repairs.application(applicationId, organizationId));",
      replace: "",
    },
    {
      of: "TM-53",
      says: "a file that is named like ours and is not is removed",
      find: "if (isOwnApplication(applicationId, text, leader.gateway.state)) {",
      replace: 'if (text !== "") {',
      tests: mending,
    },
    {
      of: "TM-53",
      says: "a deny file of somebody else's is removed",
      find: "if (isOwnDeny(name, text, leader.gateway.state)) mend(",
      replace: 'if (text !== "") mend(',
      tests: ["tests/delivery/mending.db.test.ts"],
    },
    {
      of: "TM-53",
      says: "a deny file that somebody altered stays as it is",
      find: "if ((await target.read(name)) !== wantedDeny(deny, hosts, gateway))",
      replace: "if ((await target.read(name)) === null)",
    },
    {
      of: "TM-53",
      says: "the shared file that somebody altered stays as it is",
      find: "if ((await target.read(shared.name)) !== shared.text) mend(",
      replace: "if ((await target.read(shared.name)) === null) mend(",
    },
  ]),
  ...breaksOf(
    "src/delivery/applier/foreign-files.ts",
    ["tests/delivery/applier/foreign-files.db.test.ts"],
    [
      {
        of: "TM-53",
        says: "one file that cannot be read keeps everybody from being told of the others",
        find: "return gone ? null : unreadable;",
        replace: "if (!gone) throw error;\n    return null;",
      },
    ],
  ),
  ...breaksOf(
    "src/delivery/leader/describe-foreign-files.ts",
    ["tests/delivery/applier/foreign-files.db.test.ts"],
    [
      {
        of: "TM-53",
        says: "a foreign file that defines a name of ours is not told of",
        find: 'for (const own of names) found.push({ path, problem: "defines_our_name", detail: own });',
        replace: "",
      },
      {
        of: "TM-53",
        says: "a foreign catch-all is not told of",
        find: "for (const router of everything) {",
        replace: "for (const router of everything.slice(1)) {",
      },
    ],
  ),
  ...breaksOf(
    "src/delivery/planner/managed-hosts.ts",
    ["tests/delivery/applier/foreign-files.db.test.ts", "tests/delivery/folder.db.test.ts"],
    [
      {
        of: "TM-53",
        says: "a foreign route below a wildcard that is claimed is not told of",
        find: "claimed.has(host) || claimed.has(wildcardOf(host)),",
        replace: "claimed.has(host),",
        tests: ["tests/delivery/leader/lease.db.test.ts"],
      },
      {
        of: "TM-53",
        says: "a foreign wildcard above a host that is claimed is not told of",
        find: 'host.startsWith("*.") ? above.has(host.slice(2)) :',
        replace: 'host.startsWith("*.") ? claimed.has(host) :',
        tests: ["tests/delivery/leader/lease.db.test.ts"],
      },
    ],
  ),
  ...breaksOf(
    "src/delivery/planner/take-changes.ts",
    ["tests/delivery/planner/take-changes.db.test.ts"],
    [
      {
        of: "DK-5",
        says: "a revocation waits behind thousands of other changes",
        find: "        desc(goesFirst),\n",
        replace: "",
      },
    ],
  ),
  ...breaksOf("src/delivery/planner/desired-state.ts", hosts, [
    {
      of: "DK-21",
      says: "a credential that has expired is in force",
      find: "valid: !hasExpired(row.expiresAt, now),",
      replace: "valid: true,",
      tests: ["tests/delivery/planner/desired-state.db.test.ts"],
    },
    {
      of: "DK-18",
      says: "every deny file names every host of its organization",
      find: "        eq(claims.denyGroup, deny.group),\n",
      replace: "",
    },
    {
      of: "DK-18",
      says: "rows of a form that nobody foresaw keep all applications from being delivered",
      find: "if (!Array.isArray(stored)) return [];",
      replace: 'if (!Array.isArray(stored)) throw new TypeError("upstreams");',
      tests: mending,
    },
  ]),
  ...breaksOf("src/audit/sealing.ts", sealing, [
    {
      of: "AUD",
      says: "two processes seal the same place",
      find: "if (!rowsOf<{ free: boolean }>(free)[0]?.free) return 0;",
      replace: "void free;",
      database: "postgres",
    },
    {
      of: "AUD",
      says: "entries are sealed in another order than they were made",
      find: ".orderBy(asc(auditEntries.auditId))",
      replace: ".orderBy(desc(auditEntries.auditId))",
    },
    {
      of: "AUD",
      says: "the chain begins anew with every sealing",
      find: 'let previous = last?.hash ?? "";',
      replace: 'let previous = "";',
    },
    {
      of: "AUD",
      says: "one organization's entries are sealed into another's chain",
      find: ".where(and(eq(auditEntries.organizationId, organizationId), isNull(auditEntries.sequence)))",
      replace: ".where(isNull(auditEntries.sequence))",
    },
    {
      of: "AUD",
      says: "tries that have entries of their own are counted once more",
      find: "count: count - onTheirOwn,",
      replace: "count,",
      tests: floods,
    },
    {
      of: "AUD",
      says: "a minute is settled before it is over",
      find: "passedInSql(refusalCounts.minute, later(startOfMinute(now), -1))",
      replace: "passedInSql(refusalCounts.minute, now)",
      tests: floods,
    },
    {
      of: "AUD",
      says: "a log is signed each time that it is looked at",
      find: "if (latest && isRecent(latest.createdAt, now, day - 1)) return;",
      replace: "if (latest && isRecent(latest.createdAt, now, -1)) return;",
      tests: ["tests/audit/audit-retention.db.test.ts"],
    },
  ]),
  ...breaksOf(
    "src/audit/keeper.ts",
    ["tests/audit/audit-retention.db.test.ts"],
    [
      {
        of: "AUD",
        says: "the log is emptied where it should be kept for ever",
        find: "if (keeper.auditRetentionDays > 0) await removeOld",
        replace: "if (keeper.auditRetentionDays >= 0) await removeOld",
      },
    ],
  ),
  ...breaksOf("src/delivery/leader/sweeps.ts", sweeping, [
    {
      of: "TM-53",
      says: "the delivery that the gateway serves is forgotten",
      find: "lt(deliveries.revision, gateways.loadedRevision)",
      replace: "sql`${deliveries.revision} <= ${gateways.loadedRevision}`",
    },
    {
      of: "DK-20",
      says: "an application is forgotten that nobody has seen gone",
      find: "          gte(applicationStates.provenRevision, applicationStates.revision),\n",
      replace: "",
    },
    {
      of: "DK-20",
      says: "the deny of a host outlives its claim",
      find: "if (rows.length > 0) await tx.insert(changes).values(rows);",
      replace: "",
    },
  ]),
  ...breaksOf("src/delivery/applier/static-configuration.ts", folder, [
    {
      of: "TM-53",
      says: "everybody on the host may read the folders",
      find: "await open.chmod(folderMode | (mode & 0o2000));",
      replace: "await open.chmod(0o755 | (mode & 0o2000));",
    },
    {
      of: "TM-53",
      says: "Traefik is told of the folder as it is called here",
      find: "const inTraefik = settings.folderInTraefik ?? settings.folder;",
      replace: "const inTraefik = settings.folder;",
    },
  ]),
  ...breaksOf("src/delivery/applier/gateway-folder.ts", folder, [
    {
      of: "TM-53",
      says: "everybody on the host may read the files",
      find: "export const fileMode = 0o640;",
      replace: "export const fileMode = 0o644;",
    },
  ]),
  ...breaksOf(
    "src/delivery/leader/preempt-delivery.ts",
    ["tests/delivery/leader/overtaken.db.test.ts"],
    [
      {
        of: "DK-5",
        says: "nobody looks for a revocation while a delivery is staged",
        find: 'if ((await lookAtPending(database, gateway.gatewayId)).closes) throw new Overtaken("a closing change");',
        replace: "if ((await lookAtPending(database, gateway.gatewayId)).closes) lookedAt = now;",
      },
    ],
  ),
];
