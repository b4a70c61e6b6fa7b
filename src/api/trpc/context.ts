import type { Runtime } from "../../persistence/runtime";

/** One HTTP request, before anybody knows who asks. */
export interface Context {
  readonly runtime: Runtime;
  readonly requestId: string;
  readonly ip: string | null;
  /** The `x-api-key` header as it came; null without one. */
  readonly apiKey: string | null;
}
