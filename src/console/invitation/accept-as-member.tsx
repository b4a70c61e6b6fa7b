import { Alert, Button, Stack, Text } from "@mantine/core";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { signOut } from "../requests/sign-in-requests";
import { forgetLinkToken } from "../requests/use-link-token";
import { useRequest } from "../requests/use-request";

interface AcceptAsMemberProps {
  readonly token: string;
  /** The e-mail address of the invited person. */
  readonly email: string;
  readonly signedInAs: string;
}

/** For a signed-in person: one button, if the invitation is for their e-mail address. */
export function AcceptAsMember({ token, email, signedInAs }: AcceptAsMemberProps) {
  const { isBusy, refused, run } = useRequest();
  const accept = () =>
    run(async () => {
      const { organizationId } = await api.invitations.accept.mutate({ token });
      await api.auth.setActiveOrganization.mutate({ organizationId });
      forgetLinkToken();
      location.assign("/account");
    });
  const leave = () =>
    run(async () => {
      await signOut();
      location.reload();
    });
  if (signedInAs !== email) {
    return (
      <Stack>
        <Alert color="yellow" variant="outline">
          This invitation is for {email}, and you are signed in as {signedInAs}.
        </Alert>
        <RefusalAlert refused={refused} />
        <Button loading={isBusy} onClick={() => void leave()}>
          Sign out and continue
        </Button>
      </Stack>
    );
  }
  return (
    <Stack>
      <Text>You are signed in as {signedInAs}.</Text>
      <RefusalAlert refused={refused} />
      <Button loading={isBusy} onClick={() => void accept()}>
        Accept the invitation
      </Button>
    </Stack>
  );
}
