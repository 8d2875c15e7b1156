// Apart from the rest, because the page for errors runs in the browser and must be small.
export const errors = {
  en: {
    notFoundTitle: "Not here",
    notFoundText: "This page does not exist, or it is not yours.",
    brokenTitle: "Something went wrong",
    brokenText: "Nothing was lost. Try again in a moment.",
    retry: "Try again",
    home: "To the timeline",
  },
  es: {
    notFoundTitle: "No está aquí",
    notFoundText: "Esta página no existe, o no es tuya.",
    brokenTitle: "Algo salió mal",
    brokenText: "No se perdió nada. Inténtalo de nuevo en un momento.",
    retry: "Intentar de nuevo",
    home: "Ir al diario",
  },
};
