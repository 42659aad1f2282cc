drop trigger invoicing_issuer_frozen on invoicing_issuer;
drop function invoicing_issuer_guard;
