/**
 * POST /password {old, password}: whoever is logged in changes the own password. The old one is asked
 * again, so that a dashboard left open gives nobody the account; it goes through the throttle of the login.
 * The session that asked stays under a new cookie value, all others of that user end.
 * Source: issue 3 item 7; OWASP ASVS 5 6.2.3, 7.4.3.
 */
import { cookie, type Handler, makeUser } from "./account-routes.ts";
import { json, refuse } from "./answer.ts";
import { PASSWORD_MAX } from "./password.ts";
import type { Change } from "./users.ts";

export const postPassword: Handler = async (request, { desk, log, secure }) => {
  const { old, password } = request.body;
  if (typeof old !== "string" || typeof password !== "string") {
    return refuse("web-bad-request", { reason: "expected old and password, both texts" });
  }
  const { session, address } = request;
  if (session === null) return refuse("web-login-needed");
  if (old.length > PASSWORD_MAX * 4) return refuse("web-wrong-password");
  const identified = await desk.identify(address, session.user, old);
  if (identified.kind === "out") {
    const { answer } = identified;
    const isWrong = answer.kind === "refused" && answer.key === "web-wrong-login";
    return isWrong ? refuse("web-wrong-password") : answer;
  }
  const before = identified.value;
  const made = await makeUser(desk, before.name, password, before.role);
  if (made.kind === "out") return made.answer;
  const change = await desk.users.change((state): Change<ReturnType<typeof refuse>> => {
    const user = state.kind === "users" ? state.users.get(before.name) : undefined;
    // Removed or given another password by an administrator since the old one was checked.
    if (state.kind !== "users" || user?.password.salt !== before.password.salt) {
      return { kind: "refuse", why: refuse("web-login-needed") };
    }
    const changed = { ...user, password: made.value.password };
    return { kind: "save", users: new Map(state.users).set(user.name, changed) };
  });
  if (change.kind === "refuse") return change.why;
  if (change.kind === "failed") return refuse("web-store-failed", { reason: change.text });
  // Before anything else looks at the sessions: this one has the new password's stamp.
  const token = desk.sessions.renew(session, made.value.password.salt);
  log.info({ user: before.name, address }, "password changed");
  await desk.refresh();
  if (token === null) return refuse("web-login-needed");
  return json({ ok: true }, { "set-cookie": cookie(token, secure) });
};
