import { Hono } from "hono";
import { features } from "#src/features/all";
import packageJson from "../../../package.json" with { type: "json" };
import type { Environment } from "../environment";
import { compression } from "../rules/compression";
import { supportedMethods } from "../rules/supported-methods";
import { openApiOf } from "./open-api";

let described: string | null = null;

/** Serves the OpenAPI document to everyone: it contains nothing about this installation. */
export const openApi = new Hono<Environment>().all("/", supportedMethods("GET"), compression(), () => {
  described ??= JSON.stringify(openApiOf(features, packageJson.version));
  return new Response(described, { headers: { "content-type": "application/json" } });
});
