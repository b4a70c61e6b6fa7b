import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const found = (path: string, form: RegExp) => [...read(path).matchAll(form)].map(([, version]) => version);

const workflow = ".github/workflows/check.yml";

describe("where contributors and CI take their tools from", () => {
  test("one release of Traefik is named, in the image, in CI and in the development container", () => {
    const [tested] = found("README.md", /and Traefik (\d+\.\d+\.\d+)\./g);
    expect(tested).toMatch(/^3\./);
    expect(found("docker/compose.yml", /image: traefik:v(.+)/g)).toEqual([tested]);
    expect(found(workflow, /TRAEFIK_VERSION: (.+)/g)).toEqual([tested]);
    expect(found(".devcontainer/Dockerfile", /ARG TRAEFIK_VERSION=(.+)/g)).toEqual([tested]);
  });

  test("development is on the oldest Node that the product runs on, and CI is on every one that the README names", () => {
    const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
    const [, oldest] = /^>=(\d+)\./.exec(engines.node) ?? [];
    expect(read(".nvmrc").trim()).toBe(oldest);
    expect(found(".devcontainer/Dockerfile", /^FROM node:(\d+)-/gm)).toEqual([oldest]);
    expect(found("docker/Dockerfile", /^FROM node:(\d+)-/gm)).toEqual([oldest, oldest]);
    const [matrix = ""] = found(workflow, /node: \[(.+)\]/g);
    const [named = ""] = found("README.md", /suite was run on Node ([\d., and]+), each/g);
    expect(matrix.split(", ")).toEqual([...named.matchAll(/(\d+)\.\d+\.\d+/g)].map(([, major]) => major));
    expect(matrix.split(", ")[0]).toBe(oldest);
  });

  test("the development container is built from its own Dockerfile, as the user that owns the image's home", () => {
    expect(JSON.parse(read(".devcontainer/devcontainer.json"))).toMatchObject({
      build: { dockerfile: "Dockerfile" },
      remoteUser: "node",
      postCreateCommand: "npm install",
    });
  });
});
