drop trigger accounts_audit_append_only on accounts_auditevent;
drop function tranche_refuse_change();
