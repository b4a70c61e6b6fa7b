import { TRPCClientError } from "@trpc/client";
import type { Reason } from "#src/platform/errors/reasons";

/** All reasons that a page can show: those of the server, and those that occur only in the browser. */
export type ShownReason = Reason | "unreachable" | "passkey_cancelled" | "passkey_on_device" | "proof_cancelled";

/** A refusal in a form that a page can show. The API and sign-in use the same reasons. */
export class RefusedRequest extends Error {
  constructor(
    /** Stable and machine-readable; `unreachable` if there was no response. */
    readonly reason: ShownReason,
    message: string,
    /** The affected inputs, with a stable word each. */
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "RefusedRequest";
  }
}

interface ErrorBody {
  readonly message?: string;
  readonly data?: { readonly reason?: Reason; readonly fields?: Readonly<Record<string, string>> } | null;
}

/** Converts the body of a refused request, or the tRPC error of it. */
export function refusedBy({ message, data }: ErrorBody): RefusedRequest {
  const reason = data?.reason ?? "unreachable";
  return new RefusedRequest(reason, texts[reason] ?? message ?? texts.unreachable, data?.fields);
}

/** Converts the error of a request. @throws any error that is not a response of a server, because it is a defect */
export function asRefused(error: unknown): RefusedRequest {
  if (error instanceof RefusedRequest) return error;
  if (error instanceof TRPCClientError) return refusedBy({ message: error.message, data: error.data });
  throw error;
}

/** Texts that replace the API's text, because the page knows the next step. */
const texts: Partial<Record<ShownReason, string>> & { readonly unreachable: string } = {
  unreachable: "Cannot reach Portcullis. What you typed is still here. Check your connection and try again.",
  csrf_token: "This page is out of date. Reload it and try again.",
  no_credentials: "You are not signed in.",
};

/** The text for each word that the API returns for an input. */
const fieldTexts: Readonly<Record<string, string>> = {
  too_small: "This is too short, or missing.",
  too_big: "This is too long.",
  invalid_format: "This has the wrong format.",
  invalid_type: "This is required.",
};

/** Returns the text at a refused input. */
export function fieldText(word: string): string {
  return fieldTexts[word] ?? "This is not accepted.";
}
