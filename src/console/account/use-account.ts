import { useCallback, useEffect, useState } from "react";
import type { OwnSession, Session } from "#src/features/account/contract";
import type { Passkey, SecondFactors } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { csrfToken } from "../requests/cookies";
import { asRefused, type RefusedRequest, type ShownReason } from "../requests/refused-request";

/** The data of the account page. */
export interface Account {
  readonly session: Session;
  readonly factors: SecondFactors;
  readonly passkeys: readonly Passkey[];
  readonly sessions: readonly OwnSession[];
}

interface LoadedAccount {
  /** Null until it is loaded. */
  readonly account: Account | null;
  readonly refused: RefusedRequest | null;
  reload(): Promise<void>;
}

/** Loads the account. A person who is not fully signed in is redirected to the sign-in page. */
export function useAccount(): LoadedAccount {
  const [account, setAccount] = useState<Account | null>(null);
  const [refused, setRefused] = useState<RefusedRequest | null>(null);
  const reload = useCallback(async () => {
    try {
      setAccount(await load());
      setRefused(null);
    } catch (error) {
      setRefused(asRefused(error));
    }
  }, []);
  useEffect(() => void reload(), [reload]);
  return { account, refused, reload };
}

const signInFirst = new Set<ShownReason>(["no_credentials", "session_ended", "second_factor_required"]);

/** Returns null after a redirect. @throws RefusedRequest */
async function load(): Promise<Account | null> {
  if (csrfToken() === null) return goToSignIn();
  try {
    const session = await api.auth.session.query();
    if (session.pending === "second_factor") return goToSignIn();
    const [factors, { items: passkeys }, { items: sessions }] = await Promise.all([
      api.auth.secondFactors.query(),
      api.auth.passkeys.list.query(),
      api.auth.sessions.list.query(),
    ]);
    return { session, factors, passkeys, sessions };
  } catch (error) {
    const refused = asRefused(error);
    if (signInFirst.has(refused.reason)) return goToSignIn();
    throw refused;
  }
}

function goToSignIn(): null {
  location.assign(`/sign-in?callbackUrl=${encodeURIComponent(location.pathname)}`);
  return null;
}
