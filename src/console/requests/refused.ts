import { TRPCClientError } from "@trpc/client";
import type { Reason } from "../../platform/errors/reasons";

/** Every reason that a page can get: those of the server, and what happens in the browser alone. */
export type ShownReason = Reason | "unreachable" | "passkey_cancelled" | "passkey_on_device" | "proof_cancelled";

/** What was refused, in a form that a page can show: by the API or by sign-in, which say it in the same words. */
export class Refused extends Error {
  constructor(
    /** Stable and machine-readable; `unreachable` where nothing answered. */
    readonly reason: ShownReason,
    message: string,
    /** Which inputs are concerned, with a stable word each. */
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "Refused";
  }
}

interface ErrorBody {
  readonly message?: string;
  readonly data?: { readonly reason?: Reason; readonly fields?: Readonly<Record<string, string>> } | null;
}

/** Reads the body of a refused request, or tRPC's error made of one. */
export function refusedBy({ message, data }: ErrorBody): Refused {
  const reason = data?.reason ?? "unreachable";
  return new Refused(reason, texts[reason] ?? message ?? texts.unreachable, data?.fields);
}

/** Whatever a request threw. @throws what is none of a server's answers: a mistake of ours */
export function asRefused(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof TRPCClientError) return refusedBy({ message: error.message, data: error.data });
  throw error;
}

/** Where the page knows better than the API what to do next. */
const texts: Partial<Record<ShownReason, string>> & { readonly unreachable: string } = {
  unreachable: "The control plane does not answer. Look at your connection, and try again.",
  csrf_token: "This page is too old. Load it again, then try once more.",
  no_credentials: "You are not signed in.",
};

/** Words that the API says of an input, in words for a person. */
const fieldTexts: Readonly<Record<string, string>> = {
  too_small: "This is too short, or missing.",
  too_big: "This is too long.",
  invalid_format: "This does not look right.",
  invalid_type: "This is needed.",
};

/** What stands at an input that was refused. */
export function fieldText(word: string): string {
  return fieldTexts[word] ?? "This is not accepted.";
}
