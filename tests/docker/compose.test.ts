import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

/** Strict: an option that the tests below do not judge, such as `privileged` or `cap_add`, fails here first. */
const Service = z.strictObject({
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal("service_healthy") })).optional(),
  init: z.boolean().optional(),
  restart: z.literal("unless-stopped"),
  stop_grace_period: z.string().optional(),
  user: z.string(),
  read_only: z.boolean(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  mem_limit: z.string(),
  cpus: z.number(),
});
const Compose = z.strictObject({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

const root = join(import.meta.dirname, "../..");
const { services, volumes } = Compose.parse(parse(readFileSync(join(root, "docker/compose.yml"), "utf8")));
const each = Object.entries(services);

describe("docker/compose.yml (AM-25, AM-26, PO-2..5)", () => {
  test("runs the control plane and a gateway", () => {
    expect(Object.keys(services)).toEqual(["portcullis", "traefik"]);
  });

  test.each(each)(
    "%s has no capability, gains no privilege, is not root and cannot write to its image",
    (_, service) => {
      expect(service.cap_drop).toEqual(["ALL"]);
      expect(service.security_opt).toEqual(["no-new-privileges:true"]);
      expect(service.read_only).toBe(true);
      expect(service.user).not.toMatch(/^(root|0)(:|$)/);
    },
  );

  test.each(each)("%s has a limit of memory and of processors", (_, service) => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.cpus).toBeGreaterThan(0);
  });

  test.each(each)(
    "%s mounts named volumes only, so neither the Docker socket nor a folder of the host",
    (_, service) => {
      const mounted = service.volumes.map((volume) => volume.split(":")[0] ?? "");
      expect(Object.keys(volumes)).toEqual(expect.arrayContaining(mounted));
      for (const name of mounted) expect(name).toMatch(/^[a-z]+$/); // a path begins with a slash, a dot or a tilde
    },
  );

  test("the gateway cannot write the configuration that it reads", () => {
    expect(services.traefik?.volumes).toEqual(["gateway:/gateway:ro"]);
  });

  test("publishes the gateway's port for visitors, and the control plane on loopback alone", () => {
    expect(services.portcullis?.ports).toEqual(["127.0.0.1:3000:3000", "8000:8000"]);
    // The gateway has the network of the control plane, and no port of its own.
    expect([services.traefik?.network_mode, services.traefik?.ports]).toEqual(["service:portcullis", undefined]);
    expect(services.portcullis?.network_mode).toBeUndefined();
  });

  test("the entry point that Portcullis asks is reachable inside the shared network only", () => {
    expect(services.portcullis?.environment).toEqual({
      PORTCULLIS_GATEWAY_ADDRESS: "0.0.0.0:8000",
      PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:8001",
    });
  });
});
