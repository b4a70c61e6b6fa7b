import type { Sealer } from "#src/database/sealing";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny, denyFileName } from "#src/traefik/compiler/compile-deny";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import type { ApplicationState, CompiledApplication, CompiledFile, Fingerprints } from "#src/traefik/compiler/state";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { unbuildable } from "#src/traefik/schema/unbuildable";
import type { PlannedFile } from "../protocol/bundle";
import { fileDigest } from "../protocol/file-digest";
import type { DenyGroup, StoredApplication, StoredState } from "./desired-state";
import { effectOf } from "./effect-of";
import type { Gateway } from "./gateway";
import { hashSealContext } from "./gateway-secrets";
import { planProbes } from "./plan-probes";
import type { DeliveredState } from "./record-delivery";

/** The plan for one application: its file, and the state that the database stores once it is applied. */
export interface PlannedApplication {
  readonly file: PlannedFile;
  readonly state: DeliveredState;
}

/** Decrypts the hashes. One that cannot be decrypted stays null, and the compiler quarantines its application. */
export function withHashes(stored: StoredApplication, sealer: Sealer): ApplicationState {
  return {
    ...stored,
    credentials: stored.credentials.map(({ hashSealed, ...row }) => {
      const opened = sealer.open(hashSealContext(row.securityId), hashSealed);
      return { ...row, hash: opened.ok ? opened.plaintext : null };
    }),
  };
}

/**
 * Compiles an application, and closes it if Traefik would refuse the file, which freezes every application of the
 * gateway, or would not build it as stated. If even the closed form is refused, there is no file, and the deny of its
 * hosts answers.
 */
export function compileChecked(
  state: ApplicationState,
  gateway: Gateway,
  lastGood: Fingerprints | null,
): CompiledApplication {
  const compiled = compileOrNothing(state, gateway, lastGood);
  if (isSound(compiled, gateway)) return compiled;
  const diagnostics = [...compiled.diagnostics, { subject: state.applicationId, problem: refusedByGateway }];
  const emptied = { ...state, access: "protected" as const, credentials: [] };
  const closed = compileOrNothing(emptied, gateway, null);
  const form = "closed" as const;
  if (isSound(closed, gateway)) return { ...closed, form, diagnostics };
  return { ...closed, form, diagnostics, file: null, probes: [] };
}

/** `unbuildable` reads the file as strictly as Traefik does. A refusal is treated like any other problem. */
function isSound({ file, intended }: CompiledApplication, gateway: Gateway): boolean {
  if (file === null) return true;
  const bare = !gateway.state.tags && intended === "public";
  return unbuildable(file, [sharedOf(gateway)]).every(({ problem }) => bare && problem === "no_middlewares");
}

/** The shared file is the same for all applications of a gateway, so it is compiled once. */
const shared = new WeakMap<Gateway, CompiledFile>();

function sharedOf(gateway: Gateway): CompiledFile {
  const file = shared.get(gateway) ?? compileShared(gateway.state);
  shared.set(gateway, file);
  return file;
}

export function planApplication(
  stored: StoredApplication,
  before: StoredState | undefined,
  gateway: Gateway,
  sealer: Sealer,
  requested: { readonly closes: boolean },
): PlannedApplication {
  const lastGood = before?.lastGood ?? null;
  const compiled = compileChecked(withHashes(stored, sealer), gateway, lastGood);
  const digest = compiled.file === null ? null : fileDigest(compiled.file.text);
  const delivered = before === undefined || before.removed ? null : { intended: before.intended, lastGood };
  return {
    file: {
      name: `${stored.applicationId}.yml`,
      text: compiled.file?.text ?? null,
      digest,
      effect: effectOf(delivered, compiled, requested),
    },
    state: {
      applicationId: stored.applicationId,
      organizationId: stored.organizationId,
      digest,
      tag: compiled.tag,
      intended: compiled.intended,
      form: compiled.form,
      diagnostics: compiled.diagnostics,
      probes: planProbes(before?.probes ?? [], compiled.probes),
      lastGood: compiled.form === "stated" ? compiled.fingerprints : lastGood,
      removed: false,
    },
  };
}

/**
 * Plans the removal of an application that was deleted or moved to another gateway: its file is removed, and its hosts
 * are probed.
 */
export function planRemoval(
  applicationId: string,
  organizationId: string,
  before: StoredState | undefined,
): PlannedApplication {
  return {
    file: { name: `${applicationId}.yml`, text: null, digest: null, effect: "removes" },
    state: {
      applicationId,
      organizationId,
      digest: null,
      tag: "",
      intended: "closed",
      form: "stated",
      diagnostics: [],
      probes: planProbes(before?.probes ?? [], []),
      lastGood: null,
      removed: true,
    },
  };
}

/** Plans a deny file. A host that it gains is closed; it only loses hosts that no route needs. */
export function planDeny(deny: DenyGroup, hosts: readonly string[], gateway: Gateway): PlannedFile {
  const name = denyFileName(deny);
  const file = wantedDeny(deny, hosts, gateway);
  if (file === null) return { name, text: null, digest: null, effect: "removes" };
  if (readTraefikFile(name, file).state !== "accepted") throw new Error(`the gateway would refuse ${name}`);
  return { name, text: file, digest: fileDigest(file), effect: "closes" };
}

/** The text of a deny file; null if there should be none. */
export function wantedDeny(deny: DenyGroup, hosts: readonly string[], gateway: Gateway): string | null {
  return compileDeny({ ...deny, hosts }, gateway.state).file?.text ?? null;
}

/** The digest that an application's file should have; null if there should be none. */
export function wantedDigest(
  stored: StoredApplication,
  before: StoredState | undefined,
  gateway: Gateway,
  sealer: Sealer,
): string | null {
  // The strict reader is slow, and its result for the same file does not change. Only files that it refused are read
  // again.
  const refused = before?.diagnostics.some(({ problem }) => problem === refusedByGateway) ?? false;
  const compile = refused ? compileChecked : compileOrNothing;
  const { file } = compile(withHashes(stored, sealer), gateway, before?.lastGood ?? null);
  return file === null ? null : fileDigest(file.text);
}

const refusedByGateway = "refused_by_gateway";

/**
 * Rows that make the compiler throw affect no other application: there is no file, and the deny of their hosts answers.
 */
function compileOrNothing(
  state: ApplicationState,
  gateway: Gateway,
  lastGood: Fingerprints | null,
): CompiledApplication {
  try {
    return compileApplication(state, gateway.state, lastGood);
  } catch {
    return {
      file: null,
      tag: "",
      twinTag: "",
      intended: "closed",
      form: "closed",
      probes: [],
      diagnostics: [{ subject: state.applicationId, problem: "not_compilable" }],
      fingerprints: { credentials: [], routes: [] },
    };
  }
}
