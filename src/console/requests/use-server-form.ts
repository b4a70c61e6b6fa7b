import { type FormErrors, type UseFormInput, type UseFormReturnType, useForm } from "@mantine/form";
import type { FormEvent } from "react";
import { asRefused, fieldText, type RefusedRequest } from "./refused-request";
import { useRequest } from "./use-request";

type Values = Record<string, string | boolean>;

interface ServerForm<V extends Values> extends Pick<UseFormInput<V>, "initialValues" | "validate"> {
  /** @throws RefusedRequest | TRPCClientError */
  readonly send: (values: V) => Promise<void>;
}

export interface ServerFormState<V extends Values> {
  readonly form: UseFormReturnType<V>;
  readonly isBusy: boolean;
  readonly refused: RefusedRequest | null;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

/**
 * A form that the server validates. Errors of single inputs appear at these inputs, and the first one gets the focus;
 * other errors are for a `RefusalAlert`.
 */
export function useServerForm<V extends Values>({ send, ...options }: ServerForm<V>): ServerFormState<V> {
  const form = useForm<V>({ mode: "uncontrolled", ...options });
  const { isBusy, refused, run } = useRequest();
  const focusFirst = (errors: FormErrors) => {
    const [first] = Object.keys(errors);
    if (first) form.getInputNode(first)?.focus();
  };
  const submit = (values: V) =>
    run(async () => {
      try {
        await send(values);
      } catch (error) {
        const refusal = asRefused(error);
        const errors = errorsAt(Object.keys(values), refusal);
        if (Object.keys(errors).length === 0) throw refusal;
        form.setErrors(errors);
        focusFirst(errors);
      }
    });
  return { form, isBusy, refused, onSubmit: form.onSubmit((values) => void submit(values), focusFirst) };
}

/**
 * Returns the error of each input. A refusal about one input has its own message; a refusal about a whole form has a
 * word for each input.
 */
function errorsAt(inputs: readonly string[], { reason, message, fields }: RefusedRequest): FormErrors {
  const known = Object.entries(fields).filter(([name]) => inputs.includes(name));
  return Object.fromEntries(
    known.map(([name, word]) => [name, reason === "invalid_input" ? fieldText(word) : message]),
  );
}
