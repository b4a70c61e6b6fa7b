import { existsSync, readdirSync, readFileSync } from "node:fs";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { compileDeny } from "#src/traefik/compiler/compile-deny";
import { compileMarker, type MarkerState } from "#src/traefik/compiler/compile-marker";
import { compileShared } from "#src/traefik/compiler/compile-shared";
import { compileStatic, type StaticSettings } from "#src/traefik/compiler/compile-static";
import type { ApplicationState, CompiledFile, DenyState, GatewayState, RouteState } from "#src/traefik/compiler/state";

/** A request, and the answer of a real gateway that has loaded the case's file. */
export interface GoldenAsk {
  readonly host: string;
  readonly path: string;
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly entryPoint?: "web" | "portcullis";
  readonly status: number;
  /** `own`: the tag of exactly this compile. */
  readonly tag: "own" | "none";
  readonly pass: boolean;
  readonly realm?: string;
  readonly upstream?: "one" | "two";
  readonly revision?: string;
  /** The server name of the TLS handshake with the upstream. */
  readonly serverName?: string;
}

interface WrittenGateway extends Omit<GatewayState, "tagKey"> {
  /** Hexadecimal. */
  readonly tagKey: string;
}

/** A case that says nothing about it is not closed by hand, and its routes are enabled. */
type WrittenState = Omit<ApplicationState, "closedByHand" | "routes"> &
  Partial<Pick<ApplicationState, "closedByHand">> & {
    readonly routes: readonly (Omit<RouteState, "enabled"> & Partial<Pick<RouteState, "enabled">>)[];
  };

type GoldenInput = { readonly asks: readonly GoldenAsk[] } & (
  | {
      readonly kind: "application";
      readonly state: WrittenState;
      /** The state that the gateway had taken before, or `null`. */
      readonly before: WrittenState | null;
      readonly gateway: WrittenGateway;
    }
  | { readonly kind: "deny"; readonly state: DenyState; readonly gateway: WrittenGateway }
  | { readonly kind: "shared"; readonly gateway: WrittenGateway }
  | { readonly kind: "marker"; readonly state: MarkerState; readonly gateway: WrittenGateway }
  | { readonly kind: "static"; readonly state: StaticSettings }
);

export interface GoldenCase {
  /** The fact that the case establishes, which is also the name of its folder. */
  readonly name: string;
  readonly folder: string;
  readonly input: GoldenInput;
}

const FOLDER = new URL("./golden/", import.meta.url).pathname;

export function goldenCases(): GoldenCase[] {
  return readdirSync(FOLDER)
    .sort()
    .map((name) => {
      const folder = `${FOLDER}${name}/`;
      const input: GoldenInput = JSON.parse(readFileSync(`${folder}input.json`, "utf8"));
      return { name, folder, input };
    });
}

export const stateOf = (written: WrittenState): ApplicationState => ({
  closedByHand: false,
  ...written,
  routes: written.routes.map((route) => ({ enabled: true, ...route })),
});

export function gatewayOf(written: WrittenGateway): GatewayState {
  return { ...written, tagKey: Buffer.from(written.tagKey, "hex") };
}

export interface GoldenOutput {
  readonly file: CompiledFile | null;
  /** All other output of the compiler. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export function compileGolden({ input }: GoldenCase): GoldenOutput {
  switch (input.kind) {
    case "application": {
      const gateway = gatewayOf(input.gateway);
      const before =
        input.before === null ? null : compileApplication(stateOf(input.before), gateway, null).fingerprints;
      const { file, ...rest } = compileApplication(stateOf(input.state), gateway, before);
      return { file, rest };
    }
    case "deny": {
      const { file, ...rest } = compileDeny(input.state, gatewayOf(input.gateway));
      return { file, rest };
    }
    case "shared":
      return { file: compileShared(gatewayOf(input.gateway)), rest: {} };
    case "marker":
      return { file: compileMarker(input.state), rest: {} };
    case "static":
      return { file: { name: "traefik.yml", text: compileStatic(input.state) }, rest: {} };
  }
}

export interface GoldenExpectation {
  /** `null`: the compiler produces no file. */
  readonly fileName: string | null;
  readonly text: string | null;
  readonly rest: unknown;
}

/** Returns the output that a person has read and accepted, or `undefined` if there is none yet. */
export function expectedOf(golden: GoldenCase): GoldenExpectation | undefined {
  if (!existsSync(`${golden.folder}expected.json`)) return undefined;
  const { fileName, ...rest } = JSON.parse(readFileSync(`${golden.folder}expected.json`, "utf8"));
  return { fileName, text: fileName === null ? null : readFileSync(`${golden.folder}expected.yml.txt`, "utf8"), rest };
}
