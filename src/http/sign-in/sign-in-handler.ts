import type { AuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { findProvider } from "#src/identity/external/provider";
import { trustedHeaderButton } from "#src/identity/external/trusted-header";
import type { OpenedSession } from "#src/identity/sessions";
import { noSoonerThan } from "#src/identity/sign-in/response-floor";
import { signOut } from "#src/identity/sign-in/sign-out";
import { isSameOrigin } from "#src/operations/request-origin";
import { Refusal } from "#src/platform/errors/refusal";
import { MethodNotAllowed, Unreadable } from "../readable-request";
import { defaultExport } from "./default-export";
import { forms } from "./methods";
import { finishOidc, startOidc } from "./oidc";
import { refuseForeignForm, refuseSignIn } from "./refuse-sign-in";
import { type AuthResponse, runNextAuth, targetOf } from "./run-next-auth";
import { setSessionCookies } from "./session-cookies";
import { commonOptions } from "./sign-in-options";
import { type SignInRequest, signInEndpoint } from "./sign-in-request";

const credentialsProvider = defaultExport(Credentials);

/**
 * The supported paths below the endpoint with their methods. next-auth answers them, except for OpenID Connect
 * providers. Other paths of next-auth do not exist here.
 */
const answered: readonly (readonly [form: RegExp, method: "GET" | "POST"])[] = [
  [/^csrf$/, "GET"],
  [/^callback\/[\w-]+$/, "POST"],
  [/^signin\/[\w-]+$/, "POST"],
  [/^signout$/, "POST"],
];

/**
 * Signs a person in or out. A form must come from a page of the console: its `Origin` must match, and it must carry the
 * token that the browser also holds in a cookie.
 * @throws Refusal | Unreadable 404 no such path | 405
 */
export async function answerSignIn(request: SignInRequest): Promise<Response> {
  const { attempt, method, from } = request;
  // For the sign-in page this is a provider like any other, but it responds immediately.
  const path =
    request.path === `signin/${trustedHeaderButton.slug}` ? `callback/${trustedHeaderButton.slug}` : request.path;
  const { runtime, requestId, origin } = attempt;
  const found = answered.find(([form]) => form.test(path));
  if (!found) return refuseUnknown(request);
  if (method === "POST" && !isSameOrigin(from, origin)) {
    return refuseSignIn(attempt, new Refusal("foreign_origin", { origin }));
  }
  const byProvider = await answerByProvider(request);
  if (byProvider) return byProvider;
  if (method !== found[1]) throw new MethodNotAllowed([found[1]]);
  const outcome: Outcome = { refusal: null, opened: null, failure: null };
  const answer = await runNextAuth(
    {
      method,
      segments: path.split("/"),
      body: request.body,
      cookies: request.cookies,
      origin,
    },
    optionsFor(request, outcome),
  );
  if (outcome.failure !== null) throw outcome.failure;
  if (outcome.refusal) return refuseSignIn(attempt, outcome.refusal);
  if (method === "POST" && outcome.opened === null && isForeignForm(answer)) return refuseForeignForm(attempt);
  const response = new Response(answer.body, { status: answer.status, headers: answer.headers });
  if (outcome.opened) await setSessionCookies(response.headers, attempt, outcome.opened);
  runtime.log.debug({ requestId, path, status: answer.status }, "sign-in answered");
  return response;
}

/**
 * Returns whether next-auth ignored a form because its token is missing: it then shows its page again without an error.
 */
function isForeignForm(answer: AuthResponse): boolean {
  const target = targetOf(answer);
  return target?.searchParams.get("csrf") === "true" && target.pathname.startsWith(`${signInEndpoint}/`);
}

/** If the path names an OpenID Connect provider, redirects the browser there or handles its return. */
async function answerByProvider(request: SignInRequest): Promise<Response | null> {
  const { attempt, method, path } = request;
  const [action, slug = ""] = path.split("/");
  if (slug === "" || forms.some(({ id }) => id === slug)) return null;
  const provider = await findProvider(attempt.runtime, slug);
  if (provider && action === "signin" && method === "POST") return startOidc(request, provider);
  if (provider && action === "callback" && method === "GET") return finishOidc(request, provider);
  return refuseUnknown(request);
}

/** The outcome of an attempt. It bypasses next-auth, which distinguishes only success and failure. */
interface Outcome {
  refusal: Refusal | null;
  opened: OpenedSession | null;
  /** An internal error; next-auth would show its message to the visitor, or hide it. */
  failure: unknown;
}

function optionsFor({ attempt, body }: SignInRequest, outcome: Outcome): AuthOptions {
  const { runtime } = attempt;
  return {
    ...commonOptions(attempt, body.remember === "true", () => outcome.opened?.token),
    providers: forms.map(({ id, signIn }) =>
      credentialsProvider({
        id,
        name: id,
        credentials: {},
        authorize: async () => {
          try {
            const opened = await noSoonerThan(runtime.signIn.responseFloorMs, (again) => signIn(attempt, body, again));
            outcome.opened = opened;
            return { id: opened.userId };
          } catch (error) {
            if (error instanceof Refusal) outcome.refusal = error;
            else outcome.failure = error;
            return null;
          }
        },
      }),
    ),
    events: {
      signOut: async () => {
        await signOut(attempt).catch((error: unknown) => {
          outcome.failure = error;
        });
      },
    },
  };
}

function refuseUnknown({ method, path }: SignInRequest): never {
  throw new Unreadable("unknown_path", { method, path: `${signInEndpoint}/${path}` });
}
