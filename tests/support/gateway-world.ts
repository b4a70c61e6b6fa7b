import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Application, CreatedApplication } from "#src/features/applications/contract";
import type { CreatedOrganization } from "#src/main/host/contract";
import type { SyncState } from "#src/platform/contract/sync-state";
import type { GatewayRequest, GatewayResponse } from "./ask-gateway";
import type { CallResponse } from "./call-response";
import {
  type ControlPlane,
  callOver,
  type Installation,
  newInstallation,
  onHost,
  removeInstallation,
  startControlPlane,
} from "./control-plane";
import type { EntryOptions } from "./control-plane-entry";
import { patienceMs } from "./patience";
import { registerSecret } from "./secrets";
import { type RunningTraefik, startTraefik } from "./traefik";
import { startUpstream, type Upstream } from "./upstream";

/** The response of `sync.wait`. */
export interface Waited {
  readonly state: SyncState;
  readonly reached: boolean;
  readonly reason?: string;
}

/** An organization of a running installation, used with its owner's key. */
/** The number of `sync.wait` calls, each with the longest timeout. A busy machine may need more than one. */
const mostWaits = 5;

export interface Tenant {
  readonly organizationId: string;
  readonly key: string;
  readonly environmentId: string;
  call<T = Record<string, unknown>>(procedure: string, input?: unknown): Promise<CallResponse<T>>;
  /** @throws Error with the response if the status is not 200 */
  ok<T = Record<string, unknown>>(procedure: string, input?: unknown): Promise<T>;
  application(input: Record<string, unknown>): Promise<CreatedApplication>;
  exposure(applicationId: string): Promise<Application["exposure"]>;
  /** Returns the first exposure that is not `unknown`. A start compares and delivers once more, and proves it again. */
  known(applicationId: string): Promise<Application["exposure"]>;
  /** @throws Error with the response if the change is not enforced in time */
  enforced(
    what: { readonly sync: { readonly changeId: string | null } } | { readonly applicationId: string },
  ): Promise<void>;
}

/** A control plane, the Traefik that it configures, and an upstream, all of them real processes. */
export interface GatewayWorld {
  readonly installation: Installation;
  readonly plane: ControlPlane;
  readonly traefik: RunningTraefik;
  readonly upstream: Upstream;
  readonly tenant: Tenant;
  /** The output of all control planes and Traefiks of this world. */
  logs(): { readonly plane: string; readonly traefik: string };
  organization(name: string, upstreams?: "any" | "checked"): Promise<Tenant>;
  ask(host: string, request?: Omit<GatewayRequest, "host">): Promise<GatewayResponse>;
  /** Ends the control plane if it is running, and starts the next one on the same folders. */
  restartPlane(signal?: NodeJS.Signals): Promise<void>;
  restartTraefik(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

let numbered = 0;

/** A host name that no other test of this process uses. */
export const newHost = (name = "wiki"): string => `${name}-${++numbered}.example.test`;

export const newPassword = (): string => registerSecret(`Pw-${randomBytes(9).toString("base64url")}-9z`);

/** @throws Error if any part does not start */
export async function openGatewayWorld(
  environment: Readonly<Record<string, string>> = {},
  options: EntryOptions = {},
): Promise<GatewayWorld> {
  const installation = await newInstallation(environment, options);
  const [firstPlane, upstream] = await Promise.all([startControlPlane(installation), startUpstream("upstream")]);
  let plane = firstPlane;
  let traefik = await startGateway(installation, plane);
  const former = { plane: "", traefik: "" };
  const made = await onHost<CreatedOrganization>(installation, "setup", {
    email: "ada@example.org",
    organization: "Acme",
  });

  const tenantOf = async ({ organizationId, apiKey }: CreatedOrganization): Promise<Tenant> => {
    const key = registerSecret(apiKey.key);
    const tenant = tenantWith(() => plane.url, organizationId, key);
    const { projectId } = await tenant.ok<{ projectId: string }>("projects.create", { name: "Project" });
    const { environmentId } = await tenant.ok<{ environmentId: string }>("environments.create", {
      projectId,
      name: "Production",
    });
    return { ...tenant, environmentId, ...applicationsIn(environmentId, tenant) };
  };

  return {
    installation,
    get plane() {
      return plane;
    },
    get traefik() {
      return traefik;
    },
    upstream,
    tenant: await tenantOf(made),
    logs: () => ({ plane: former.plane + plane.log(), traefik: former.traefik + traefik.log() }),
    organization: async (name, upstreams = "any") =>
      tenantOf(
        await onHost<CreatedOrganization>(installation, "organization create", {
          name,
          owner: `${name.toLowerCase()}@example.org`,
          upstreams,
        }),
      ),
    ask: (host, request = {}) => traefik.request({ host, ...request }),
    async restartPlane(signal = "SIGKILL") {
      await plane.stop(signal);
      former.plane += plane.log();
      plane = await startControlPlane(installation);
    },
    async restartTraefik(signal = "SIGKILL") {
      await traefik.stop(signal);
      former.traefik += traefik.log();
      traefik = await startGateway(installation, plane);
    },
    async close() {
      await Promise.all([plane.stop("SIGKILL"), traefik.stop("SIGKILL"), upstream.close()]);
      removeInstallation(installation);
    },
  };
}

/** Starts Traefik with the configuration that the control plane generated. */
async function startGateway(
  { gatewayFolder, address, probeAddress }: Installation,
  plane: ControlPlane,
): Promise<RunningTraefik> {
  const file = join(gatewayFolder, "traefik.yml");
  for (let left = 500; !existsSync(file); left--) {
    if (left === 0) throw new Error(`there is no traefik.yml\n${plane.log()}`);
    await delay(20);
  }
  return startTraefik({ config: { file, address, probeAddress }, folder: join(gatewayFolder, "dynamic") });
}

function tenantWith(url: () => string, organizationId: string, key: string) {
  const call: Tenant["call"] = (procedure, input) => callOver(url(), key)(procedure, input);
  const ok: Tenant["ok"] = async <T>(procedure: string, input?: unknown) => {
    const answer = await call<T>(procedure, input);
    if (answer.status !== 200) throw new Error(`${procedure}: ${answer.status} ${answer.text}`);
    return answer.data;
  };
  return { organizationId, key, call, ok };
}

function applicationsIn(environmentId: string, { ok }: Pick<Tenant, "ok">) {
  const exposure = async (applicationId: string) =>
    (await ok<Application>("applications.one", { applicationId })).exposure;
  return {
    application: (input: Record<string, unknown>) =>
      ok<CreatedApplication>("applications.create", { environmentId, name: "Wiki", ...input }),
    exposure,
    known: async (applicationId: string) => {
      for (let left = 200; ; left--) {
        const shown = await exposure(applicationId);
        if (shown.state !== "unknown") return shown;
        if (left === 0) throw new Error(`the exposure stays unknown: ${JSON.stringify(shown)}`);
        await delay(25);
      }
    },
    enforced: async (what: Parameters<Tenant["enforced"]>[0]) => {
      const target = "sync" in what ? { changeId: what.sync.changeId } : { applicationId: what.applicationId };
      let waited: Waited;
      let left = mostWaits;
      do waited = await ok<Waited>("sync.wait", { ...target, state: "enforced", timeoutMs: patienceMs });
      while (!waited.reached && waited.reason === "timeout" && --left > 0);
      if (!waited.reached) throw new Error(`not enforced: ${JSON.stringify(waited)}`);
    },
  };
}
