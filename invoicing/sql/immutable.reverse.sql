drop trigger invoicing_series_moves_forward on invoicing_invoiceseries;
drop function invoicing_series_guard();
drop trigger invoicing_document_immutable on invoicing_invoicedocument;
drop trigger invoicing_line_immutable on invoicing_invoiceline;
drop trigger invoicing_invoice_kept on invoicing_invoice;
drop trigger invoicing_invoice_immutable on invoicing_invoice;
drop function invoicing_invoice_guard();
