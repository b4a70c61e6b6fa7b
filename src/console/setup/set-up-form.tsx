import { Button, Stack, Text, TextInput } from "@mantine/core";
import { NewPasswordField } from "../fields/new-password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { useServerForm } from "../requests/use-server-form";
import { goOnFromLink } from "./go-on-from-link";

const needed = (what: string) => (text: string) => (text.trim() === "" ? `Enter ${what}.` : null);

/** Creates the first account and the first organization. */
export function SetUpForm({ token }: { token: string }) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { email: "", name: "", organization: "", password: "" },
    validate: {
      email: needed("an e-mail address"),
      organization: needed("a name for the organization"),
      password: needed("a password"),
    },
    send: async (fields) => {
      await signInBy("link", { token, ...fields });
      await goOnFromLink();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>You are the first person here. You will own the organization that you create now.</Text>
        <RefusalAlert refused={refused} />
        <TextInput
          label="E-mail address"
          type="email"
          autoComplete="username"
          required
          key={form.key("email")}
          {...form.getInputProps("email")}
        />
        <TextInput label="Your name" autoComplete="name" key={form.key("name")} {...form.getInputProps("name")} />
        <TextInput
          label="Organization"
          autoComplete="organization"
          required
          key={form.key("organization")}
          {...form.getInputProps("organization")}
        />
        <NewPasswordField label="Password" key={form.key("password")} {...form.getInputProps("password")} />
        <Button type="submit" loading={isBusy}>
          Set up
        </Button>
      </Stack>
    </form>
  );
}
