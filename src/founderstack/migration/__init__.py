"""Moving in from somewhere else: a Supabase project or any PostgreSQL, into the stack's own database."""
