import type { Mutant } from "../mutant";
import { fragmentBecomes, negated, valueBecomes, withoutCall, withoutGuard } from "../mutations";

const exposure = ["tests/delivery/exposure.test.ts"];
const exposureInSql = ["tests/delivery/exposure-in-sql.db.test.ts"];
const exposureProof = ["tests/traefik/compiler/exposure-proof.test.ts"];
const proof = ["tests/delivery/proof.db.test.ts"];
const proofs = ["tests/delivery/leader/proofs.db.test.ts"];
const chain = ["tests/audit/audit-chain.test.ts"];

/** Promise 4: a state is shown only when the gateway was observed in it, and the audit log holds what happened. */
export const whatItSaysIsSo: readonly Mutant[] = [
  {
    requirement: "DK-19",
    description: "a change that is not delivered yet is shown as done",
    file: "src/delivery/exposure.ts",
    symbol: "exposureOf",
    mutation: withoutGuard("facts.pending"),
    tests: exposure,
  },
  {
    requirement: "DK-3",
    description: "a delivery counts as enforced when the gateway has loaded it",
    file: "src/delivery/exposure.ts",
    symbol: "syncStateOf",
    mutation: fragmentBecomes("facts.delivered.provenRevision", "facts.loadedRevision"),
    tests: exposure,
  },
  {
    requirement: "DK-3",
    description: "a list counts an application whose proof is too old as proven",
    file: "src/delivery/exposure-in-sql.ts",
    symbol: "selectExposure",
    mutation: fragmentBecomes("when proof_is_old then 'proof_is_old'", ""),
    tests: exposureInSql,
  },
  {
    requirement: "DK-18",
    description: "a visitor who reaches the upstream without a password proves that the application is protected",
    file: "src/traefik/compiler/exposure-proof.ts",
    symbol: "isLetIn",
    mutation: fragmentBecomes("pass === passTag", "false"),
    tests: exposureProof,
  },
  {
    requirement: "DK-3",
    description: "the response of an earlier compile counts as a proof",
    file: "src/traefik/compiler/exposure-proof.ts",
    symbol: "exposureProof",
    mutation: withoutGuard("response.tag !== expected.tag"),
    tests: exposureProof,
  },
  {
    requirement: "DK-18",
    description: "the pass header is set before the password is checked",
    file: "src/traefik/compiler/routes-document.ts",
    symbol: "routesDocument.chain",
    mutation: valueBecomes("tagged(names.tag, PASS_MIDDLEWARE, ...lock)"),
    tests: ["tests/traefik/compiler/compile-application.property.test.ts"],
  },
  {
    requirement: "DK-3",
    description: "an application is proven when its first route is",
    file: "src/delivery/prober/send-probes.ts",
    symbol: "sendProbes",
    mutation: fragmentBecomes("worstAnswer(proof)", "proof[0]?.why ?? null"),
    tests: proof,
  },
  {
    requirement: "DK-3",
    description: "a response about an earlier delivery proves the newest one",
    file: "src/delivery/leader/proofs.ts",
    symbol: "recordProofs",
    mutation: withoutCall("eq(applicationStates.revision"),
    tests: proofs,
  },
  {
    requirement: "DK-3",
    description: "a gateway that returns to an earlier delivery keeps the proofs of the later one",
    file: "src/delivery/leader/prober-reports.ts",
    symbol: "proberReports",
    mutation: withoutCall("recordWentBack"),
    tests: proof,
  },
  {
    requirement: "DK-20",
    description: "a claimed host that nothing answers counts as denied",
    file: "src/delivery/leader/removed-route-check.ts",
    symbol: "checkRemovedRoute",
    mutation: negated("claimed"),
    tests: ["tests/delivery/planner/planning.test.ts"],
  },
  {
    requirement: "TM-53",
    description: "a file that was altered in the folder of the gateway is not found",
    file: "src/delivery/leader/compare-all.ts",
    symbol: "differing.same",
    mutation: valueBecomes("recorded"),
    tests: ["tests/delivery/folder.db.test.ts"],
  },
  {
    requirement: "DK-22",
    description: "a refused attempt has no audit entry",
    file: "src/access/attempt-trace.ts",
    symbol: "recordingRefusals",
    mutation: withoutCall("trace.refused"),
    tests: ["tests/database/audit-floods.db.test.ts"],
  },
  {
    requirement: "AUD",
    description: "the hash of an audit entry does not cover the entry before it",
    file: "src/audit/chain.ts",
    symbol: "hashIn",
    mutation: fragmentBecomes("form, previous, entry.sequence", "form, entry.sequence"),
    tests: chain,
  },
  {
    requirement: "AUD",
    description: "a missing audit entry is not found",
    file: "src/audit/follow-chain.ts",
    symbol: "followChain",
    mutation: withoutGuard("entry.sequence !== sequence"),
    tests: chain,
  },
  {
    requirement: "AUD",
    description: "two processes seal the audit entries of one organization at the same time",
    file: "src/audit/seal-entries.ts",
    symbol: "sealEntries",
    mutation: withoutGuard("free"),
    tests: ["tests/audit/audit-sealer.db.test.ts"],
    database: "postgres",
  },
  {
    requirement: "AUD",
    description: "a sealed audit entry can be sealed again",
    sqlFunction: "portcullis_audit_is_append_only",
    mutation: fragmentBecomes("and old.hash is null and old.sequence is null", ""),
    tests: ["tests/database/audit.db.test.ts"],
  },
];
