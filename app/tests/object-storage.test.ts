// The signature that Amazon's own documentation arrives at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sign } from "@/server/object-storage";

test("a request is signed as the example in the documentation of S3", () => {
  // docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "GET Bucket Lifecycle"
  const store = {
    endpoint: "https://s3.amazonaws.com", bucket: "examplebucket", region: "us-east-1",
    accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  };
  const url = new URL("https://examplebucket.s3.amazonaws.com/?lifecycle=");
  const { authorization } = sign(store, "GET", url, new Uint8Array(), new Date("2013-05-24T00:00:00Z"));
  assert.match(authorization!, /Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/);
});
