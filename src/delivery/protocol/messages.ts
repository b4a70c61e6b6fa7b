import { z } from "zod";
import { GatewayCondition, UnprovenReason } from "#src/platform/contract/sync-state";
import type * as applier from "./applier";
import type { DeliveryNumber } from "./bundle";
import type { ForeignFileContent } from "./foreign-file";
import { defineCall } from "./peer";
import type * as probe from "./probe";
import {
  type LoadedReport,
  type MissingReport,
  type ProofPage,
  proofRanks,
  type SettledProof,
  type WatchedGateway,
} from "./prober";

/**
 * The messages between a leader and the side at a gateway if they are two processes. Each side validates all of them.
 */

const nothing = z.null();
const revision = z.int().nonnegative();

const candidacy = { term: z.int().positive(), leaderId: z.string().regex(/^[0-9a-zA-Z-]{1,64}$/) };
const Candidacy: z.ZodType<applier.Candidacy> = z.object(candidacy);
const addresses = { address: z.string(), probeAddress: z.string() };
const Addresses: z.ZodType<applier.GatewayAddresses> = z.object(addresses);
const ExpectedClaim: z.ZodType<applier.ExpectedClaim> = z.object({
  installationId: z.string(),
  gatewayId: z.string(),
  nonce: z.string().nullable(),
});
const ClaimedFolder: z.ZodType<applier.ClaimedFolder> = z.object({ nonce: z.string(), isNew: z.boolean() });
const Term: z.ZodType<applier.Term> = z.object({
  ...candidacy,
  gatewayId: z.string(),
  nonce: z.string(),
  epoch: z.string(),
  digest: z.string(),
});

/** The name of a file in one folder. It cannot name a path outside of that folder. */
export const FileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/);

const ForeignFile: z.ZodType<ForeignFileContent> = z.object({
  path: z.string(),
  problem: z.object({ kind: z.enum(["refused", "unknown"]), detail: z.string() }).nullable(),
  names: z.array(z.string()),
  everything: z.array(z.string()),
  hosts: z.array(z.string()),
});

export const PlannedProbe: z.ZodType<probe.PlannedProbe> = z.object({
  routeId: z.string(),
  host: z.string(),
  path: z.string(),
  expect: z.enum(["stopped", "passed", "gone"]),
});

const task = {
  applicationId: z.string(),
  organizationId: z.string(),
  revision,
  isPublic: z.boolean(),
  wasProven: z.boolean(),
  tag: z.string(),
  probes: z.array(PlannedProbe),
};
const Task: z.ZodType<probe.ProofTask> = z.object(task);
const Page: z.ZodType<ProofPage> = z.object({
  tasks: z.array(z.object({ ...task, rank: z.enum(proofRanks) })),
  next: z.string().nullable(),
});

const Watched: z.ZodType<WatchedGateway> = z.object({
  ...addresses,
  gatewayId: z.string(),
  secretHost: z.string(),
  epoch: z.string(),
  loadedRevision: revision,
  tags: z.boolean(),
  passTag: z.string(),
  perSecond: z.number().positive(),
  roundMs: z.number().nonnegative(),
});

const Numbered: z.ZodType<DeliveryNumber> = z.object({ epoch: z.string(), revision, digest: z.string() });
const Loaded: z.ZodType<LoadedReport> = z.object({
  revision,
  before: revision,
  isNews: z.boolean(),
  seenAt: z.iso.datetime(),
});
const Missing: z.ZodType<MissingReport> = z.object({
  why: z.enum(["gateway_does_not_answer", "gateway_does_not_load"]),
  above: z.int(),
});
const Entry: z.ZodType<probe.ProbeResult> = z.object({
  request: z.string(),
  status: z.int().nullable(),
  tag: z.boolean(),
  pass: z.boolean(),
  proven: z.boolean(),
  why: UnprovenReason.nullable(),
  server: z.string().max(100).nullable().optional(),
  at: z.iso.datetime(),
});
const Reported: z.ZodType<probe.ReportedProof> = z.object({
  applicationId: z.string(),
  revision,
  why: UnprovenReason.nullable(),
  proof: z.array(Entry),
  removed: z.array(z.object({ entry: z.int().nonnegative(), host: z.string(), tag: z.string().nullable() })),
});
const Settled: z.ZodType<SettledProof> = z.object({
  applicationId: z.string(),
  revision,
  isDone: z.boolean(),
  isExposed: z.boolean(),
});

/** The calls from the leader to the applier; see `Applier` and `Target`. */
export const applierCalls = {
  claim: defineCall("claim", ExpectedClaim, ClaimedFolder),
  disclaim: defineCall("disclaim", nothing, nothing),
  prepare: defineCall("prepare", z.object({ candidacy: Candidacy, addresses: Addresses }), nothing),
  withdraw: defineCall("withdraw", Candidacy, nothing),
  begin: defineCall("begin", Term, nothing),
  requireClaim: defineCall("requireClaim", nothing, nothing),
  read: defineCall("read", FileName, z.string().nullable()),
  readMarker: defineCall("readMarker", nothing, z.string().nullable()),
  names: defineCall("names", nothing, z.array(z.string())),
  digests: defineCall("digests", z.array(FileName), z.record(z.string(), z.string().nullable())),
  /** Returns the next few foreign files. The walk begins with `from: "start"`. */
  foreignFiles: defineCall(
    "foreignFiles",
    z.object({ from: z.enum(["start", "here"]), unknown: z.array(z.string()) }),
    z.object({ files: z.array(ForeignFile), isLast: z.boolean() }),
  ),
  /** Sends a signed bundle. The response arrives when all of it is staged and nothing is applied. */
  stage: defineCall("stage", z.object({ body: z.string(), signature: z.string() }), nothing),
  /** Applies the staged bundle of this revision. The response arrives when it is applied. */
  apply: defineCall("apply", revision, nothing),
  /** Cancels the staged bundle of this revision. */
  drop: defineCall("drop", revision, nothing),
};

/** The calls from the leader to the prober; see `Prober`. */
export const proberCalls = {
  watch: defineCall("watch", Watched, nothing),
  recorded: defineCall("recorded", revision, nothing),
  failed: defineCall("failed", nothing, nothing),
  recall: defineCall("recall", nothing, nothing),
  prioritize: defineCall("prioritize", z.string(), nothing),
  probe: defineCall("probe", Task, nothing),
  run: defineCall("run", nothing, nothing),
  /** The term is over. */
  end: defineCall("end", nothing, nothing),
};

/** The reports from the prober to the leader; see `ProberReports`. */
export const reportCalls = {
  isKnown: defineCall("isKnown", Numbered, z.boolean()),
  loaded: defineCall("loaded", Loaded, nothing),
  measured: defineCall("measured", z.number().nonnegative(), nothing),
  missing: defineCall("missing", Missing, nothing),
  condition: defineCall("condition", GatewayCondition, nothing),
  unproven: defineCall("unproven", z.string(), Page),
  proven: defineCall("proven", z.object({ after: z.string(), limit: z.int().positive() }), z.array(Task)),
  proofs: defineCall("proofs", z.array(Reported), z.array(Settled)),
};
