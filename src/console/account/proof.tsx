import { Button, Modal, Stack, Text, TextInput } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { PasswordField } from "../fields/password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { asRefused, RefusedRequest, type ShownReason } from "../requests/refused-request";
import { useServerForm } from "../requests/use-server-form";

/** The proof of identity for a change of sign-in methods; empty at the first attempt. */
export interface PresentedProof {
  readonly password?: string;
  readonly code?: string;
}

type WithProof = (request: (proof: PresentedProof) => Promise<void>) => Promise<void>;

const ProofContext = createContext<WithProof | null>(null);

/**
 * Runs a request, and repeats it with a password or a code if the server requires one. @throws RefusedRequest it was
 * cancelled, or is refused otherwise
 */
export function useProof(): WithProof {
  const withProof = useContext(ProofContext);
  if (withProof === null) throw new Error("useProof requires a ProofProvider");
  return withProof;
}

const asking = new Set<ShownReason>(["recent_sign_in_required", "proof_required"]);

interface Pending {
  readonly request: (proof: PresentedProof) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: RefusedRequest) => void;
}

/** Asks for the proof in a dialog. */
export function ProofProvider({ children }: { children: ReactNode }) {
  const [pending, setPending] = useState<Pending | null>(null);
  const withProof = useCallback<WithProof>(async (request) => {
    try {
      await request({});
    } catch (error) {
      const refused = asRefused(error);
      if (!asking.has(refused.reason)) throw refused;
      await new Promise<void>((resolve, reject) => setPending({ request, resolve, reject }));
    }
  }, []);
  const cancel = () => {
    pending?.reject(new RefusedRequest("proof_cancelled", "Nothing was changed."));
    setPending(null);
  };
  const done = () => {
    pending?.resolve();
    setPending(null);
  };
  const value = useMemo(() => withProof, [withProof]);
  return (
    <ProofContext.Provider value={value}>
      {children}
      <Modal
        opened={pending !== null}
        onClose={cancel}
        title="Confirm your identity"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {pending && <ProofForm request={pending.request} onDone={done} />}
      </Modal>
    </ProofContext.Provider>
  );
}

function ProofForm({ request, onDone }: { request: Pending["request"]; onDone: () => void }) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { password: "", code: "" },
    validate: {
      password: (password, { code }) =>
        password === "" && code.trim() === "" ? "Enter your password or a code." : null,
    },
    send: async ({ password, code }) => {
      await request(password === "" ? { code: code.trim() } : { password });
      onDone();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>You are changing how you sign in. Enter your password or a code to continue.</Text>
        <RefusalAlert refused={refused} />
        <PasswordField
          label="Password"
          autoComplete="current-password"
          data-autofocus
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <TextInput
          label="Or a code"
          description="From your authenticator app, or a recovery code"
          autoComplete="one-time-code"
          key={form.key("code")}
          {...form.getInputProps("code")}
        />
        <Button type="submit" loading={isBusy}>
          Continue
        </Button>
      </Stack>
    </form>
  );
}
