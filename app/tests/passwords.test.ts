// Passwords that people bring from elsewhere keep working, and no hash keeps the server busy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword } from "better-auth/crypto";
import { verifyAnyPassword } from "@/server/passwords";

// Of "correct horse", by the reference implementation of Argon2 and by libxcrypt.
const ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$k9ohroejZy1PN5E1SbHNPug6vB8eQAahb5SOAp6iGF4";
const BCRYPT = "$2b$06$abcdefghijklmnopqrstuud/5IuQmqhVO0kfNEbHJM.fJkPiliBzC";

for (const [kind, hash] of [["Argon2", ARGON2], ["bcrypt", BCRYPT], ["its own", await hashPassword("correct horse")]] as const) {
  test(`${kind} lets in who knows the password, and nobody else`, async () => {
    assert.equal(await verifyAnyPassword({ hash, password: "correct horse" }), true);
    assert.equal(await verifyAnyPassword({ hash, password: "Correct horse" }), false);
    assert.equal(await verifyAnyPassword({ hash, password: "" }), false);
  });
}

test("a hash that asks for too much memory, or is none, lets nobody in", async () => {
  for (const hash of [
    ARGON2.replace("m=19456", "m=4194304"),
    "$argon2id$nonsense",
    "$fbscrypt$v=1,n=30,r=8,p=1,ss=Bw==,sk=YQ==$YQ==$YQ==",
    "$fbscrypt$",
  ]) {
    assert.equal(await verifyAnyPassword({ hash, password: "password" }), false, hash);
  }
});
