export interface Example {
  readonly title: string;
  readonly body: string;
  readonly tags: readonly string[];
  readonly mood: number;
  readonly usersName: string;
  readonly sleepName: string;
}

const en = { usersName: "Users", sleepName: "Hours slept" };
const es = { usersName: "Usuarios", sleepName: "Horas de sueño" };

export const examples: Readonly<Record<"en" | "es", readonly Example[]>> = {
  en: [
    { ...en, mood: 5, tags: ["sales", "wins"], title: "A customer who pays for a year", body: "Marta from the bakery chain signed for **twelve months** at once. She said what convinced her was the call last week, not the features.\n\nLesson: *call people*. We are {users} now.\n\n- [x] invoice sent\n- [ ] ask her for two introductions" },
    { ...en, mood: 4, tags: ["product"], title: "Cut the onboarding to three steps", body: "Removed the company form, the logo upload and the tour. Nobody ever finished the tour.\n\n> The best onboarding is the one that ends before it is noticed.\n\nMeasure again on Friday." },
    { ...en, mood: 2, tags: ["money", "worry"], title: "Two cancellations before lunch", body: "Both said *too early for us*, which is a polite way to say we did not solve anything for them yet.\n\nWhat I will do:\n\n1. Call both and ask what they use instead\n2. Write down the words they use, not mine\n3. Sleep" },
    { ...en, mood: 3, tags: ["engineering"], title: "A day inside the import code", body: "Four spreadsheets, four different ideas of a date. The fix is small:\n\n```ts\nconst day = parseDay(cell) ?? askThePerson(cell);\n```\n\nNever guess what a date means." },
    { ...en, mood: 4, tags: ["team"], title: "First Monday with Irene", body: "She found three things in an hour that I had stopped seeing. Pairing in the mornings, quiet afternoons. Let us see whether it holds." },
    { ...en, mood: 1, tags: ["health"], title: "Too little sleep, too many tabs", body: "I answered the same mail twice and forgot the dentist. Nothing broke, but nothing moved either.\n\nTomorrow: phone in the kitchen, walk before the first call." },
    { ...en, mood: 5, tags: ["wins", "product"], title: "The thing works on a train", body: "Wrote three entries between two tunnels and all of them arrived. I know it is a small thing. It does not feel small." },
    { ...en, mood: 3, tags: ["pricing"], title: "Thinking about the price again", body: "| plan | now | idea |\n|---|---|---|\n| Solo | 9 | 12 |\n| Team | 29 | 39 |\n\nNobody of the {users} ever complained about the price. That is information too." },
    { ...en, mood: 4, tags: ["sales"], title: "Five calls, one pattern", body: "Four of five keep the same list in a notebook because *the tool is for the others*. There is a product in that sentence." },
    { ...en, mood: 3, tags: ["reading"], title: "Notes from a slow Sunday", body: "Read half of a book about small companies that stay small on purpose. Underlined one line: decide what enough is **before** you have it." },
    { ...en, mood: 2, tags: ["engineering", "worry"], title: "Twenty minutes without a database", body: "A disk filled up with logs that nobody reads. Restored, wrote to all {users} people, apologised without excuses.\n\nNew rule: logs rotate, alarms come *before* the limit." },
    { ...en, mood: 4, tags: ["family"], title: "Closed the laptop at five", body: "Swings, soup, a very long story about a dragon. The figures were the same afterwards." },
  ],
  es: [
    { ...es, mood: 5, tags: ["ventas", "logros"], title: "Una clienta que paga el año entero", body: "Marta, la de las panaderías, firmó **doce meses** de golpe. Dice que la convenció la llamada de la semana pasada, no las funciones.\n\nLección: *llamar a la gente*. Ya somos {users}.\n\n- [x] factura enviada\n- [ ] pedirle dos contactos" },
    { ...es, mood: 4, tags: ["producto"], title: "El alta, en tres pasos", body: "Fuera el formulario de empresa, el logo y la visita guiada. Nadie terminaba la visita.\n\n> La mejor bienvenida es la que acaba antes de que se note.\n\nMedir otra vez el viernes." },
    { ...es, mood: 2, tags: ["dinero", "dudas"], title: "Dos bajas antes de comer", body: "Las dos dijeron *es pronto para nosotros*, que es la forma amable de decir que aún no les resolvimos nada.\n\nLo que haré:\n\n1. Llamarlas y preguntar qué usan ahora\n2. Apuntar sus palabras, no las mías\n3. Dormir" },
    { ...es, mood: 3, tags: ["código"], title: "Un día dentro del importador", body: "Cuatro hojas de cálculo, cuatro ideas distintas de lo que es una fecha. El arreglo es pequeño:\n\n```ts\nconst dia = leerDia(celda) ?? preguntar(celda);\n```\n\nNunca adivinar lo que significa una fecha." },
    { ...es, mood: 4, tags: ["equipo"], title: "Primer lunes con Irene", body: "En una hora encontró tres cosas que yo ya no veía. Mañanas en pareja, tardes en silencio. A ver si aguanta." },
    { ...es, mood: 1, tags: ["salud"], title: "Poco sueño, demasiadas pestañas", body: "Contesté dos veces el mismo correo y olvidé al dentista. Nada se rompió, pero nada avanzó.\n\nMañana: el teléfono en la cocina y un paseo antes de la primera llamada." },
    { ...es, mood: 5, tags: ["logros", "producto"], title: "Funciona en el tren", body: "Escribí tres entradas entre dos túneles y llegaron todas. Sé que es poca cosa. No lo parece." },
    { ...es, mood: 3, tags: ["precios"], title: "Otra vez pensando en el precio", body: "| plan | ahora | idea |\n|---|---|---|\n| Solo | 9 | 12 |\n| Equipo | 29 | 39 |\n\nDe {users} personas, nadie se ha quejado nunca del precio. Eso también es información." },
    { ...es, mood: 4, tags: ["ventas"], title: "Cinco llamadas, un patrón", body: "Cuatro de cinco llevan la misma lista en una libreta porque *la herramienta es para los demás*. En esa frase hay un producto." },
    { ...es, mood: 3, tags: ["lecturas"], title: "Notas de un domingo lento", body: "Medio libro sobre empresas pequeñas que lo son a propósito. Subrayé una línea: decide cuánto es suficiente **antes** de tenerlo." },
    { ...es, mood: 2, tags: ["código", "dudas"], title: "Veinte minutos sin base de datos", body: "Un disco se llenó de registros que nadie lee. Restaurado; escribí a las {users} personas y pedí perdón sin excusas.\n\nRegla nueva: los registros rotan y la alarma llega *antes* del límite." },
    { ...es, mood: 4, tags: ["familia"], title: "Cerré el portátil a las cinco", body: "Columpios, sopa y un cuento larguísimo sobre un dragón. Las cifras seguían igual después." },
  ],
};
