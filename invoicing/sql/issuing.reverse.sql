drop function invoicing_pay;
drop function invoicing_advance;
drop function invoicing_write;
drop function invoicing_works;
drop function invoicing_tax_facts;
