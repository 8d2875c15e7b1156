"use client";

import { useEffect } from "react";

/** Marks the document once scripts answer: until then a form is a plain form. Tests wait for it. */
export function Awake() {
  useEffect(() => {
    document.documentElement.dataset.awake = "";
  }, []);
  return null;
}
