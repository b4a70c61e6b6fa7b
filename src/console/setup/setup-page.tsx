"use client";

import { Alert, Anchor, Loader, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Link } from "#src/features/account/contract";
import { Page } from "../frame/page";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useLinkToken } from "../requests/use-link-token";
import { useRequest } from "../requests/use-request";
import { ChoosePassword } from "./choose-password";
import { SetUpForm } from "./set-up-form";

const titles = {
  set_up: "Set up Portcullis",
  password: "Choose a password",
  second_factor: "Choose a password",
} as const;

/**
 * The page of a one-time link: it creates the first account of an empty installation, or sets a new password for a
 * person.
 */
export function SetupPage() {
  const token = useLinkToken();
  const [link, setLink] = useState<Link | null>(null);
  const { refused, run } = useRequest();
  useEffect(() => {
    if (token) void run(async () => setLink(await api.auth.link.mutate({ token })));
  }, [token, run]);
  return (
    <Page title={link?.state === "good" && link.purpose ? titles[link.purpose] : "One-time link"} width="narrow">
      <RefusalAlert refused={refused} />
      {token === "" && <InvalidLink message="This link is incomplete. Copy the whole link and open it again." />}
      {token !== "" && link === null && refused === null && <Loader aria-label="Loading" />}
      {link !== null && link.state !== "good" && <InvalidLink message={link.message ?? "This link is not valid."} />}
      {token && link?.state === "good" && <Form token={token} link={link} />}
      <noscript>
        <Text>This needs JavaScript.</Text>
      </noscript>
    </Page>
  );
}

function Form({ token, link }: { token: string; link: Link }) {
  if (link.purpose === "set_up") return <SetUpForm token={token} />;
  return <ChoosePassword token={token} email={link.email ?? ""} resetsFactor={link.purpose === "second_factor"} />;
}

function InvalidLink({ message }: { message: string }) {
  return (
    <>
      <Alert color="red" variant="outline">
        {message}
      </Alert>
      <Text>
        <Anchor href="/sign-in">Sign in</Anchor>
      </Text>
    </>
  );
}
