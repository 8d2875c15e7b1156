"""What the pages say, in both languages, as far as tests look for it."""

from __future__ import annotations

EN = {
    "create account": "Create account", "sign in": "Sign in", "sign out": "Sign out", "name": "Name", "email": "Email",
    "password": "Password", "new entry": "New entry", "title": "Title", "text": "Text", "save": "Save", "saved": "Saved",
    "edit": "Edit", "delete": "Delete", "undo": "Undo", "tags": "Tags", "add figure": "Add a figure", "value": "Value",
    "great": "Great", "pinned": "Pinned", "preview": "Preview", "search": "Search", "calendar": "Calendar",
    "charts": "Charts", "wrong": "The email or the password is not right.", "mood": "Mood", "versions": "Earlier versions",
    "offline": "No connection.", "conflict": "This entry was changed elsewhere meanwhile", "keep mine": "Go on with mine",
}  # fmt: skip

ES = {
    "create account": "Crear cuenta", "sign in": "Iniciar sesión", "sign out": "Cerrar sesión", "name": "Nombre",
    "email": "Correo electrónico", "password": "Contraseña", "new entry": "Nueva entrada", "title": "Título",
    "text": "Texto", "save": "Guardar", "saved": "Guardado", "edit": "Editar", "delete": "Eliminar", "undo": "Deshacer",
    "tags": "Etiquetas", "add figure": "Añadir una cifra", "value": "Valor", "great": "Genial", "pinned": "Fijada",
    "preview": "Vista previa", "search": "Buscar", "calendar": "Calendario", "charts": "Gráficos",
    "wrong": "El correo o la contraseña no son correctos.", "mood": "Ánimo", "versions": "Versiones anteriores",
    "offline": "Sin conexión.", "conflict": "Esta entrada se cambió mientras tanto en otro lugar",
    "keep mine": "Seguir con el mío",
}  # fmt: skip

WORDS = {"en": EN, "es": ES}
